#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2034,SC2153 # What runs later is quoted; cpus and root are machine.bash's.
# trading-verify: each verdict both ways, the probe that never meets a container, and a status that is JSON.

# Made once, copied for each test.
setup() {
  load helper
  if [[ -d $BATS_FILE_TMPDIR/root ]]; then
    cp -a "$BATS_FILE_TMPDIR/root" "$BATS_FILE_TMPDIR/fake" "$BATS_TEST_TMPDIR"
    paths
  else
    node c7i.4xlarge
    tuned
    cp -a "$ROOT" "$FAKE" "$BATS_FILE_TMPDIR"
  fi
  cpus=16 root=$ROOT
}

# The machine as a boot with the planned arguments and the three scripts leave it.
tuned() {
  cpus=16 root=$ROOT
  cp "$ROOT/proc/cmdline" "$FAKE/entry"
  boot "$(<"$FAKE/entry") isolcpus=managed_irq,1-7,9-15 nohz_full=1-7,9-15 rcu_nocbs=1-7,9-15 irqaffinity=0,8 nosoftlockup"
  bash "$SCRIPTS/trading-tune.sh" >/dev/null
  printf 'always madvise [never]\n' >"$ROOT/sys/kernel/mm/transparent_hugepage/enabled"
  echo 1-7,9-15 >"$ROOT/sys/devices/system/cpu/nohz_full"
  echo 0101 >"$ROOT/proc/irq/default_smp_affinity"
  process 1 systemd 0 /init.scope 0,8
  process 2 kthreadd 0 / 0,8
  process 900 sshd 1 /system.slice/sshd.service 0,8
  process 19 migration/1 2 / 1
  interrupts 1000 0 0 >"$ROOT/proc/interrupts"
  echo "cpu1 0 0 0 0 0 0 0 500 0" >"$ROOT/proc/schedstat"
}

# interrupts TICKS CARD NVME: /proc/interrupts with these counts on CPU 1, and much on CPU 0.
interrupts() {
  awk -v ticks="$1" -v card="$2" -v nvme="$3" 'BEGIN {
    for (i = 0; i < 16; i++) head = head " CPU" i
    for (i = 2; i < 16; i++) rest = rest " 0"
    print head
    print " 24: 90000 " card rest " PCI-MSIX-0000:00:05.0 0-edge ens5-Tx-Rx-0"
    print " 30: 90000 " nvme rest " PCI-MSIX-0000:00:1f.0 1-edge nvme1q1"
    print "LOC: 90000 " ticks rest " Local timer interrupts"
  }'
}

# later COMMANDS: what the machine does while the script sleeps.
later() {
  {
    declare -f interrupts
    echo "ROOT=$ROOT"
    echo 'echo "1002.00 1.00" >"$ROOT/proc/uptime"'
    printf '%s\n' "$@"
  } >"$FAKE/later"
}

verify() { bash "$SCRIPTS/trading-verify.sh" "$@" >"$BATS_TEST_TMPDIR/output" 2>&1; }
knob() { jq -r --arg knob "$1" '.knobs[] | select(.knob == $knob) | "\(.verdict) \(.reason)"' "$RUN/status.json"; }
result() { jq -r .result "$RUN/status.json"; }

@test "a tuned machine passes, and the status is JSON with a verdict and a reason for every knob" {
  later
  verify --probe
  equals "$(result)" PASS
  equals "$(jq -r '.phase + " " + .mode + " " + .housekeeping + " " + .isolated' "$RUN/status.json")" "probed balanced 0,8 1-7,9-15"
  equals "$(jq -r '[.knobs[] | select((.verdict | IN("PASS", "FAIL", "n/a")) and .reason != "")] | length' "$RUN/status.json")" \
    "$(jq -r '.knobs | length' "$RUN/status.json")"
  equals "$(knob governor)" "n/a the hypervisor keeps it"
  equals "$(knob tick)" "PASS at most 10 timer interrupts a second under a busy loop"
}

@test "probes every isolated CPU and no other before the kubelet starts" {
  later
  verify --probe
  equals "$(grep -o '^taskset -c [0-9]*' "$FAKE/calls" | sort -V | xargs)" "$(for cpu in 1 2 3 4 5 6 7 9 10 11 12 13 14 15; do echo "taskset -c $cpu"; done | xargs)"
}

@test "a CPU on which no loop could run proves nothing" {
  later
  printf '3\n9\n' >"$FAKE/taskset-refuses"
  verify --probe || true
  equals "$(knob tick)" "FAIL no busy loop could run on isolated CPUs 3 9"
}

@test "leaves no loop behind" {
  later
  verify --probe
  equals "$(pgrep -P 1 -f '^/bin/sleep 30$' || true)$(pgrep -g 0 -f '^/bin/sleep 30$' || true)" ""
}

@test "never probes once the kubelet has run, whatever it is asked: by its cgroup, its process, a container's process" {
  later
  local trace
  for trace in "mkdir -p $ROOT/sys/fs/cgroup/kubepods.slice" "process 1000 kubelet 1 /runtime.slice 0,8" "process 1001 containerd-shim 1 /system.slice 0,8"; do
    rm -rf "$ROOT/sys/fs" "$ROOT/proc/1000" "$ROOT/proc/1001"

    $trace
    : >"$FAKE/calls"
    verify --probe || true
    equals "$(grep -c '^taskset -c' "$FAKE/calls" || true)" 0
    equals "$(jq -r .phase "$RUN/status.json")" watched
  done
}

@test "nothing that it starts may run on an isolated CPU while it watches" {
  [[ $(nproc) -gt 1 ]] || skip "one CPU cannot tell"
  later
  # Every command writes down where the kernel lets it run, and is then itself; taskset is the real one.
  local tool real
  mkdir "$BATS_TEST_TMPDIR/spies"
  for tool in awk cat chmod date grep head mkdir mv sed sleep tr wc ethtool cut sort; do
    real=$(PATH=${PATH//"$BATS_TEST_TMPDIR/spies:"/} command -v "$tool")
    # shellcheck disable=SC2016
    printf '#!/bin/bash\nwhile read -r key value; do [[ $key != Cpus_allowed_list: ]] || echo "%s $value" >>"$FAKE/places"; done </proc/self/status\nexec %s "$@"\n' "$tool" "$real" >"$BATS_TEST_TMPDIR/spies/$tool"
    chmod +x "$BATS_TEST_TMPDIR/spies/$tool"
  done
  PATH=${PATH//"$REPOSITORY/test/node/fakes:"/} command -v taskset >"$BATS_TEST_TMPDIR/taskset"
  ln -s "$(<"$BATS_TEST_TMPDIR/taskset")" "$BATS_TEST_TMPDIR/spies/taskset"
  # CPU 0 is housekeeping and the machine's others are not; CPU 8 this machine may not have.
  PATH=$BATS_TEST_TMPDIR/spies:$PATH verify || true
  PATH=$BATS_TEST_TMPDIR/spies:$PATH bash "$SCRIPTS/trading-irq.sh" >/dev/null 2>&1
  [[ $(wc -l <"$FAKE/places") -gt 30 ]]
  equals "$(cut -d ' ' -f 2 "$FAKE/places" | sort -u | grep -vxE '0|0,8' || true)" ""
}

@test "a tick on an isolated CPU fails, and says where and how often" {
  later 'interrupts 3000 0 0 >"$ROOT/proc/interrupts"'
  verify --probe || true
  equals "$(knob tick)" "FAIL timer interrupts on isolated CPUs: 1 1000.0/s"
  equals "$(result)" FAIL
  contains "$(jq -r .reason "$RUN/status.json")" "tick: timer interrupts on isolated CPUs: 1 1000.0/s"
}

@test "a tick that waiting threads need is the engine's doing, and no failure" {
  later 'interrupts 3000 0 0 >"$ROOT/proc/interrupts"' 'echo "cpu1 0 0 0 0 0 0 0 900000000 0" >"$ROOT/proc/schedstat"'
  verify
  contains "$(knob tick)" "n/a threads wait for each other"
}

@test "a kernel without NO_HZ_FULL is said, not pretended" {
  rm "$ROOT/sys/devices/system/cpu/nohz_full"
  later 'interrupts 3000 0 0 >"$ROOT/proc/interrupts"'
  verify
  equals "$(knob tick)" "n/a this kernel is built without NO_HZ_FULL, so the tick stays"
  contains "$(knob nohz_full)" "n/a"
}

@test "arm64 counts its timer as a device's interrupt, and it is still the tick" {
  sed -i 's/^LOC: \(.*\) Local timer interrupts/ 11: \1 GICv3 30 Level arch_timer/' "$ROOT/proc/interrupts"
  later 'interrupts 3000 0 0 | sed "s/^LOC: \(.*\) Local timer interrupts/ 11: \1 GICv3 30 Level arch_timer/" >"$ROOT/proc/interrupts"'
  verify || true
  contains "$(knob tick)" "FAIL timer interrupts on isolated CPUs: 1 1000.0/s"
  contains "$(knob interrupts)" PASS
}

@test "a card's interrupt on an isolated CPU fails on housekeeping, and passes where it is co-located" {
  later 'interrupts 1000 40 0 >"$ROOT/proc/interrupts"'
  verify || true
  equals "$(knob interrupts)" "FAIL devices interrupt isolated CPUs: 24/ens5-Tx-Rx-0@1 20.0/s"
  interrupts 1000 0 0 >"$ROOT/proc/interrupts"
  echo "1000.00 1" >"$ROOT/proc/uptime"
  rm "$RUN/sample"
  plan NETWORK_INTERRUPTS colocated
  verify || true
  contains "$(knob interrupts)" PASS
}

@test "an NVMe queue that an isolated CPU used itself is tolerated" {
  later 'interrupts 1000 0 40 >"$ROOT/proc/interrupts"'
  verify
  contains "$(knob interrupts)" PASS
}

@test "a check compares with the one before and does not wait" {
  later
  verify
  : >"$FAKE/calls"
  echo "1060.00 1" >"$ROOT/proc/uptime"
  interrupts 1000 0 0 >"$ROOT/proc/interrupts"
  verify
  lacks "$(<"$FAKE/calls")" sleep
}

@test "deep idle states fail by their use, not by their name" {
  later 'echo 6 >"$ROOT/sys/devices/system/cpu/cpu9/cpuidle/state3/usage"' 'echo 600 >"$ROOT/sys/devices/system/cpu/cpu9/cpuidle/state1/usage"' 'echo 600 >"$ROOT/sys/devices/system/cpu/cpu0/cpuidle/state3/usage"'
  verify || true
  equals "$(knob idle)" "FAIL isolated CPUs slept deeply: C6@9 3.0/s"
  plan IDLE deep
  verify || true
  contains "$(knob idle)" "n/a the plan allows deep idle states"
}

@test "a boot that did not converge fails whatever else is right" {
  printf 'state=failed\nreason=one reboot did not help: missing x\n' >"$RUN/boothook.state"
  later
  verify || true
  equals "$(knob boot)" "FAIL failed: one reboot did not help: missing x"
  rm "$RUN/boothook.state"
  verify || true
  equals "$(knob boot)" "FAIL the boot hook did not run: "
}

@test "a process of the system on isolated CPUs fails; pods, per-CPU kernel threads and vanished ones do not" {
  process 950 engine 900 /kubepods.slice/kubepods-pod1.slice/x.scope 1-2
  process 30 rcuop/1 2 / 0,8
  mkdir "$ROOT/proc/999"
  later
  verify
  contains "$(knob threads)" PASS
  process 901 amazon-ssm-agen 1 /system.slice/ssm.service 0-15
  process 31 rcuop/2 2 / 0-15
  verify || true
  equals "$(knob threads)" "FAIL these may run on isolated CPUs: 31 rcuop/2;901 amazon-ssm-agen;"
}

@test "mode static wants the scheduler's own set" {
  plan MODE static
  later
  verify || true
  equals "$(knob isolcpus)" "FAIL the set without scheduling is empty, not 1-7,9-15"
  echo 1-7,9-15 >"$ROOT/sys/devices/system/cpu/isolated"
  verify || true
  contains "$(knob isolcpus)" PASS
}

@test "each setting that is not as planned fails by name" {
  echo 1 >"$ROOT/proc/sys/vm/stat_interval"
  rm "$ROOT/proc/sys/kernel/timer_migration"
  echo "[always] madvise never" >"$ROOT/sys/kernel/mm/transparent_hugepage/enabled"
  echo ffff >"$ROOT/sys/devices/virtual/workqueue/cpumask"
  echo ffff >"$ROOT/proc/irq/default_smp_affinity"
  echo 1-7 >"$ROOT/sys/devices/system/cpu/nohz_full"
  echo ff >"$ROOT/proc/sys/net/core/rps_default_mask"
  echo kvm-clock >"$ROOT/sys/devices/system/clocksource/clocksource0/current_clocksource"
  mkdir -p "$ROOT/sys/kernel/debug/sched/fair_server/cpu3"
  echo 50000000 >"$ROOT/sys/kernel/debug/sched/fair_server/cpu3/runtime"
  plan HUGEPAGES_2M 8
  later
  verify || true
  equals "$(knob sysctls)" "FAIL not set: vm.stat_interval=10"
  equals "$(knob transparent_hugepages)" "FAIL the kernel's choice is always, not never"
  equals "$(knob "hugepages node0")" "FAIL pages of 2 MiB/1 GiB is 0/0, not 8/0"
  equals "$(knob workqueues)" "FAIL workqueues may run on isolated CPUs 1-7,9-15"
  equals "$(knob irqaffinity)" "FAIL new interrupts may run on isolated CPUs 1-7,9-15"
  equals "$(knob nohz_full)" "FAIL the set without ticks is 1-7, not 1-7,9-15"
  contains "$(knob clock)" FAIL
  equals "$(knob rps)" "FAIL packets of new interfaces may run on isolated CPUs 1-7"
  contains "$(knob fair_server)" "FAIL runs on isolated CPUs:"
}

@test "a refusal of ENA is the driver's and no failure; a missing ethtool neither" {
  printf 'adaptive-rx=on\n' >"$FAKE/ena"
  printf 'combined=4\nadaptive-rx=on\nrx-usecs=0\ntx-usecs=0\n' >"$FAKE/ena"
  later
  verify
  equals "$(knob "network ens5")" "n/a the driver refused -C adaptive-rx off; 4 queues of 2 wanted"
}

@test "governor: every policy, on metal" {
  mkdir -p "$ROOT"/sys/devices/system/cpu/cpufreq/policy{0,1}
  echo performance | tee "$ROOT"/sys/devices/system/cpu/cpufreq/policy{0,1}/scaling_governor >/dev/null
  later
  verify
  equals "$(knob governor)" "PASS performance on every CPU"
  echo powersave >"$ROOT/sys/devices/system/cpu/cpufreq/policy1/scaling_governor"
  verify || true
  equals "$(knob governor)" "FAIL not performance on 1 policies"
}

@test "irqbalance is judged by the ban in its environment" {
  process 700 irqbalance 1 /system.slice/irqbalance.service 0,8
  printf 'A=b\0IRQBALANCE_BANNED_CPULIST=1-7,9-15\0' >"$ROOT/proc/700/environ"
  later
  verify
  contains "$(knob irqbalance)" PASS
  printf 'A=b\0' >"$ROOT/proc/700/environ"
  verify || true
  equals "$(knob irqbalance)" "FAIL its ban is empty, not 1-7,9-15"
}

@test "containers: isolated CPUs, confined to them, and without a quota" {
  local slices=$ROOT/sys/fs/cgroup/kubepods.slice
  mkdir -p "$ROOT/var/lib/kubelet" "$slices/kubepods-podaa_1.slice/cri-containerd-1.scope" "$slices/kubepods-podbb_2.slice/cri-containerd-2.scope"
  echo '{"policyName":"static","defaultCpuSet":"0,5-8,13-15","entries":{"aa-1":{"engine":"1-2,9-10"},"bb-2":{"engine":"3,11","sidecar":"4,12"}},"checksum":123}' >"$ROOT/var/lib/kubelet/cpu_manager_state"
  echo 1-2,9-10 >"$slices/kubepods-podaa_1.slice/cri-containerd-1.scope/cpuset.cpus"
  echo 3,11 >"$slices/kubepods-podbb_2.slice/cri-containerd-2.scope/cpuset.cpus"
  echo "max 100000" | tee "$slices"/kubepods-pod{aa_1.slice/cri-containerd-1,bb_2.slice/cri-containerd-2}.scope/cpu.max >/dev/null
  later
  verify || true
  equals "$(knob containers)" "FAIL bb-2 is not confined to its CPUs 4,12"
  mkdir "$slices/kubepods-podbb_2.slice/cri-containerd-3.scope"
  echo 4,12 >"$slices/kubepods-podbb_2.slice/cri-containerd-3.scope/cpuset.cpus"
  echo "max 100000" >"$slices/kubepods-podbb_2.slice/cri-containerd-3.scope/cpu.max"
  verify
  equals "$(knob containers)" "PASS 3 with CPUs of their own, isolated and without quota"
  echo "20000 100000" >"$slices/kubepods-podaa_1.slice/cri-containerd-1.scope/cpu.max"
  sed -i 's/"3,11"/"0,3,11"/' "$ROOT/var/lib/kubelet/cpu_manager_state"
  echo 0,3,11 >"$slices/kubepods-podbb_2.slice/cri-containerd-2.scope/cpuset.cpus"
  verify || true
  equals "$(knob containers)" "FAIL aa-1 has a CPU quota: 20000 100000;bb-2 has housekeeping CPUs: 0,3,11"
}

@test "no container yet, and a kubelet that gave nobody CPUs of their own" {
  mkdir -p "$ROOT/var/lib/kubelet" "$ROOT/sys/fs/cgroup/kubepods.slice"
  echo '{"policyName":"static","defaultCpuSet":"0-15","checksum":1}' >"$ROOT/var/lib/kubelet/cpu_manager_state"
  later
  verify
  equals "$(knob containers)" "PASS 0 with CPUs of their own, isolated and without quota"
}

@test "another machine than planned fails, and is not probed" {
  plan HOUSEKEEPING_CORES 2
  later
  verify --probe || true
  contains "$(knob partition)" "FAIL planned housekeeping 0,8"
  equals "$(grep -c '^taskset -c' "$FAKE/calls" || true)" 0
}

@test "says nothing in mode off" {
  plan_of off
  rm -f "$RUN/status.json"
  verify
  [[ ! -e $RUN/status.json ]]
}
