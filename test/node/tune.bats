#!/usr/bin/env bats
# trading-tune: what can be set on a running kernel, on machines that have it and on machines that do not.

setup() { load helper; }

tune() { bash "$SCRIPTS/trading-tune.sh" 2>&1; }
of() { printf '%s' "$(<"$ROOT/$1")"; }

@test "sets every knob that the machine has" {
  node c7i.4xlarge
  mkdir -p "$ROOT"/sys/kernel/debug/sched/fair_server/cpu{0,1,15}
  echo 50000000 | tee "$ROOT"/sys/kernel/debug/sched/fair_server/cpu{0,1,15}/runtime >/dev/null
  plan HUGEPAGES_2M 512
  tune
  equals "$(of sys/devices/system/cpu/cpu1/power/pm_qos_resume_latency_us)" 3
  equals "$(of sys/devices/system/cpu/cpu8/power/pm_qos_resume_latency_us)" 0
  equals "$(of proc/sys/vm/stat_interval)" 10
  equals "$(of proc/sys/net/core/busy_read)" 50
  equals "$(of etc/sysctl.d/98-trading.conf)" "$(printf '%s\n' '-vm.stat_interval = 10' '-kernel.timer_migration = 1' '-net.core.busy_read = 50')"
  equals "$(of sys/kernel/mm/transparent_hugepage/enabled)" never
  equals "$(of sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages)" 512
  equals "$(of sys/devices/virtual/workqueue/cpumask)" 101
  equals "$(of sys/devices/virtual/workqueue/writeback/cpumask)" 101
  equals "$(of sys/kernel/debug/sched/fair_server/cpu1/runtime)" 0
  equals "$(of sys/kernel/debug/sched/fair_server/cpu0/runtime)" 50000000
  for slice in init.scope system.slice user.slice runtime.slice; do
    contains "$(<"$FAKE/calls")" "systemctl set-property --runtime $slice AllowedCPUs=0,8"
  done
  contains "$(<"$FAKE/calls")" "systemctl stop dnf-makecache.timer"
}

@test "sets governor and energy bias on metal" {
  node m5zn.metal
  plan HOUSEKEEPING 0-1,12-13,24-25,36-37
  plan ISOLATED 2-11,14-23,26-35,38-47
  plan HOUSEKEEPING_CORES 4
  plan HUGEPAGES_2M 100
  tune
  equals "$(cat "$ROOT"/sys/devices/system/cpu/cpufreq/policy*/scaling_governor | sort | uniq -c | xargs)" "48 performance"
  equals "$(of sys/devices/system/cpu/cpu47/power/energy_perf_bias)" 0
  equals "$(cat "$ROOT"/sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages | xargs)" "100 100"
  equals "$(of sys/devices/virtual/workqueue/cpumask)" "30,03003003"
}

@test "pretends no governor on Graviton" {
  node c8g.4xlarge
  plan MACHINE graviton
  plan HOUSEKEEPING 0-1
  plan ISOLATED 2-15
  plan HOUSEKEEPING_CORES 2
  plan TRANSPARENT_HUGEPAGES madvise
  tune
  [[ ! -e $ROOT/sys/devices/system/cpu/cpufreq ]]
  equals "$(of sys/kernel/mm/transparent_hugepage/enabled)" "always [madvise] never"
}

@test "a second run writes nothing" {
  node c7i.4xlarge
  tune
  printf 'always madvise [never]\n' >"$ROOT/sys/kernel/mm/transparent_hugepage/enabled"
  find "$ROOT/proc" "$ROOT/sys" -type f -exec touch -d 2020-01-01 {} +
  : >"$FAKE/calls"
  tune
  equals "$(find "$ROOT/proc" "$ROOT/sys" -type f -newermt 2020-01-02)" ""
  lacks "$(<"$FAKE/calls")" "ethtool"
}

@test "leaves idle states and the fair server alone where the plan says so" {
  node c7i.4xlarge
  mkdir -p "$ROOT"/sys/kernel/debug/sched/fair_server/cpu1
  echo 50000000 >"$ROOT"/sys/kernel/debug/sched/fair_server/cpu1/runtime
  plan IDLE deep
  plan FAIR_SERVER on
  tune
  equals "$(of sys/devices/system/cpu/cpu1/power/pm_qos_resume_latency_us)" 0
  equals "$(of sys/kernel/debug/sched/fair_server/cpu1/runtime)" 50000000
}

@test "goes on where the kernel lacks or refuses a knob, and where systemd does" {
  node c7i.4xlarge
  rm "$ROOT/proc/sys/vm/stat_interval" "$ROOT/proc/sys/kernel/timer_migration"
  # A file of the real kernel that nobody may write, root neither.
  ln -s /sys/devices/system/cpu/online "$ROOT/proc/sys/kernel/timer_migration"
  touch "$FAKE/systemctl-fails"
  run tune
  equals "$status" 0
  contains "$output" "the kernel refused 1 for /proc/sys/kernel/timer_migration"
  contains "$output" "systemd could not confine system.slice"
  equals "$(of proc/sys/net/core/busy_read)" 50
  equals "$(of sys/devices/virtual/workqueue/cpumask)" 101
}

@test "tunes nothing on a machine that is not the planned one, nor in mode off" {
  node c7i.2xlarge
  run tune
  equals "$status" 0
  contains "$output" "nothing is tuned: planned housekeeping 0,8"
  plan_of off
  tune
  equals "$(of proc/sys/vm/stat_interval)" 0
  lacks "$(<"$FAKE/calls")" "systemctl"
}
