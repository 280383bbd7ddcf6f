#!/usr/bin/env bats
# shellcheck disable=SC2016 # A grub file with dollars in it.
# The boot hook: kernel command line, one bounded reboot, drop-in, units, and the way back.

setup() {
  load helper
  node c7i.4xlarge
}

isolation() { grep -o 'isolcpus=[^ ]*' "$FAKE/entry" | tr '\n' ' '; }

@test "edits the boot loader, reboots once, and is converged on the second boot" {
  boot
  equals "$REBOOTED" 1
  equals "$(state)" rebooting
  equals "$(grep -c ^grubby "$FAKE/calls")" 2
  equals "$(tail -n 1 "$FAKE/calls")" "sleep infinity"
  boot
  equals "$REBOOTED" 0
  equals "$(state)" converged
  equals "$(grep -c ^grubby "$FAKE/calls" || true)" 0
  equals "$(isolation)" "isolcpus=managed_irq,1-7,9-15 "
}

@test "says the reboot before it happens and blocks cloud-init: units are not started on a machine that goes down" {
  boot
  lacks "$(<"$FAKE/calls")" "systemctl start"
  boot
  contains "$(<"$FAKE/calls")" "systemctl start --no-block trading-tune.service trading-verify.service"
}

@test "an argument that never arrives is a failure, not a loop" {
  plan KERNEL_ARGUMENTS 'isolcpus=managed_irq,1-7,9-15 nohz_fulll=1-7'
  boot
  equals "$REBOOTED" 1
  for _ in 2 3 4; do
    boot "console=ttyS0"
    equals "$REBOOTED" 0
    equals "$(state)" failed
    contains "$(reason)" "one reboot did not help: missing isolcpus"
  done
}

@test "two kernels that know different arguments do not take turns" {
  boot
  rm "$ROOT/sys/devices/system/cpu/nohz_full"
  boot
  equals "$REBOOTED" 0
  equals "$(state)" failed
  contains "$(reason)" "unplanned nohz_full"
}

@test "a later loss is repaired by one reboot of its own" {
  boot
  boot
  boot "console=ttyS0"
  equals "$REBOOTED" 1
  boot "console=ttyS0"
  equals "$REBOOTED" 0
}

@test "neither reboots nor tries again where grubby fails or is missing" {
  touch "$FAKE/grubby-fails"
  for _ in 1 2; do
    boot
    equals "$REBOOTED" 0
    equals "$(state)" failed
  done
}

@test "a refused reboot is reported and the boot goes on" {
  touch "$FAKE/reboot-fails"
  boot
  equals "$(state)" failed
  contains "$(reason)" "the reboot was refused"
  lacks "$(<"$FAKE/calls")" "sleep infinity"
}

@test "an instance made from a failed node's image starts afresh" {
  boot
  echo i-2 >"$ROOT/var/lib/cloud/data/instance-id"
  boot "console=ttyS0"
  equals "$REBOOTED" 1
}

@test "leaves out what this kernel would ignore in silence, and says so" {
  rm "$ROOT/sys/devices/system/cpu/nohz_full"
  mkdir -p "$ROOT/boot"
  echo '# CONFIG_RCU_NOCB_CPU is not set' >"$ROOT/boot/config-6.12.1-fake"
  echo 'CONFIG_CPU_ISOLATION=y' >>"$ROOT/boot/config-6.12.1-fake"
  boot
  equals "$(<"$RUN/unsupported-arguments")" "nohz_full rcu_nocbs"
  lacks "$(<"$FAKE/entry")" nohz_full
  contains "$(<"$FAKE/entry")" "isolcpus=managed_irq,1-7,9-15"
  boot
  equals "$(state)" converged
}

@test "a machine that is not the planned one is never tuned by guess, and its kubelet still starts" {
  plan HOUSEKEEPING 0,4
  plan ISOLATED 1-3,5-7
  sed -i 's/"0,8"/"0,4"/' "$ROOT/etc/trading-tune/drop-in.yaml"
  boot
  equals "$REBOOTED" 0
  equals "$(state)" failed
  contains "$(reason)" "planned housekeeping 0,4 and isolated 1-3,5-7, this machine gives 0,8 1-7,9-15"
  contains "$(<"$ROOT/etc/eks/nodeadm.d/50-trading.yaml")" 'reservedSystemCPUs: "0,8"'
}

@test "a machine too small to split keeps the AMI's own reserve" {
  rm -r "$ROOT/sys"
  machine m7i.xlarge "$ROOT"
  boot
  contains "$(reason)" "1 housekeeping cores of 2 on 1 NUMA nodes"
  lacks "$(<"$ROOT/etc/eks/nodeadm.d/50-trading.yaml")" reservedSystemCPUs
  lacks "$(<"$ROOT/etc/eks/nodeadm.d/50-trading.yaml")" ReservedCgroup
  contains "$(<"$ROOT/etc/eks/nodeadm.d/50-trading.yaml")" 'cpuManagerPolicy: "static"'
}

@test "writes the drop-in on every boot and leaves no half-written file" {
  boot
  echo spoiled >"$ROOT/etc/eks/nodeadm.d/50-trading.yaml"
  boot
  equals "$(<"$ROOT/etc/eks/nodeadm.d/50-trading.yaml")" "$(<"$ROOT/etc/trading-tune/drop-in.yaml")"
  equals "$(find "$ROOT" -name '*.new')" ""
}

@test "keeps whatever quoting /etc/default/grub came with" {
  printf '%s\n' "GRUB_CMDLINE_LINUX='a=\"b c\" \$x nohz_full=1'" >"$ROOT/etc/default/grub"
  plan KERNEL_ARGUMENTS nohz_full=1-7,9-15
  boot
  equals "$(<"$ROOT/etc/default/grub")" 'GRUB_CMDLINE_LINUX="a=\"b c\" \$x nohz_full=1-7,9-15"'
  rm "$ROOT/etc/default/grub"
  boot "console=ttyS0 nohz_full=9"
  equals "$REBOOTED" 0
}

@test "takes its keys out of GRUB_CMDLINE_LINUX_DEFAULT too, and touches the line only then" {
  printf '%s\n' 'GRUB_CMDLINE_LINUX_DEFAULT="quiet nmi_watchdog=1"' '' "GRUB_CMDLINE_LINUX_RECOVERY='x'" >"$ROOT/etc/default/grub"
  plan KERNEL_ARGUMENTS nosoftlockup
  boot
  equals "$(<"$ROOT/etc/default/grub")" "$(printf '%s\n' 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"' '' "GRUB_CMDLINE_LINUX_RECOVERY='x'" 'GRUB_CMDLINE_LINUX="nosoftlockup"')"
}

@test "changes the mode by one more reboot and leaves nothing of the old one" {
  boot
  boot
  plan_of static
  boot
  equals "$REBOOTED" 1
  contains "$(reason)" "unplanned isolcpus=managed_irq,1-7,9-15"
  boot
  equals "$(state)" converged
  equals "$(isolation)" "isolcpus=managed_irq,domain,1-7,9-15 "
}

@test "rolled back to off, removes every argument, unit, rule and setting" {
  boot
  boot
  bash "$SCRIPTS/trading-tune.sh" >/dev/null
  [[ -e $ROOT/etc/sysctl.d/98-trading.conf ]]
  [[ -e $ROOT/etc/systemd/system/trading-tune.service ]]
  plan_of off
  boot
  equals "$REBOOTED" 1
  equals "$(<"$FAKE/entry")" "BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz root=UUID=1 console=ttyS0"
  equals "$(grep CMDLINE "$ROOT/etc/default/grub")" 'GRUB_CMDLINE_LINUX="console=ttyS0"'
  equals "$(find "$ROOT/etc/systemd" "$ROOT/etc/udev" "$ROOT/etc/sysctl.d" -type f)" ""
  contains "$(<"$FAKE/calls")" "systemctl disable --now trading-tune.service"
  boot
  equals "$REBOOTED" 0
  contains "$(<"$RUN/status.json")" '"result":"n/a","reason":"tuning is off"'
}

@test "mode off on a node that was never tuned changes nothing" {
  plan_of off
  boot
  equals "$(<"$FAKE/calls")" ""
  equals "$(find "$ROOT/etc/systemd" -type f)" ""
}

@test "installs units confined to housekeeping CPUs, and reloads systemd only when one changed" {
  boot
  contains "$(<"$FAKE/calls")" "systemctl daemon-reload"
  contains "$(<"$ROOT/etc/systemd/system/trading-irq.service")" "CPUAffinity=0,8"
  boot
  lacks "$(<"$FAKE/calls")" "daemon-reload"
  contains "$(<"$FAKE/calls")" "systemctl enable"
}

@test "bans irqbalance from isolated CPUs where it is installed, and takes the ban back" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/bash\n' >"$BATS_TEST_TMPDIR/bin/irqbalance"
  chmod +x "$BATS_TEST_TMPDIR/bin/irqbalance"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH boot
  contains "$(<"$ROOT/etc/systemd/system/irqbalance.service.d/50-trading.conf")" "IRQBALANCE_BANNED_CPULIST=1-7,9-15"
  plan_of off
  boot
  [[ ! -e $ROOT/etc/systemd/system/irqbalance.service.d/50-trading.conf ]]
}

@test "goes on without systemctl and udevadm" {
  touch "$FAKE"/{systemctl,udevadm}-fails
  boot
  boot
  equals "$(state)" converged
}

@test "a second copy waits for the first, and counts as no attempt" {
  mkdir -p "$RUN"
  exec 8>"$RUN/boothook.lock"
  flock 8
  timeout 1 bash "$SCRIPTS/trading-boothook.sh" >/dev/null 2>&1 8>&- || equals $? 124
  [[ ! -e $ROOT/var/lib/trading-tune/attempted ]]
  equals "$(<"$FAKE/calls")" "taskset -pc 0,8 $(sed -n 's/^taskset -pc 0,8 //p' "$FAKE/calls")"
}
