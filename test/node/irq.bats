#!/usr/bin/env bats
# trading-irq: queues, coalescing, and the CPUs of every interrupt, those of devices that came later too.

setup() {
  load helper
  node c7i.4xlarge
}

irq() { bash "$SCRIPTS/trading-irq.sh" 2>&1; }
affinity() { printf '%s' "$(<"$ROOT/proc/irq/$1/smp_affinity_list")"; }
ena() { tr '\n' ' ' <"$FAKE/ena"; }

@test "makes one queue for each housekeeping CPU, stops coalescing, and pins vector by vector" {
  irq
  equals "$(ena)" "combined=2 adaptive-rx=off rx-usecs=0 tx-usecs=0 gro=on "
  equals "$(affinity 24) $(affinity 25) $(affinity 26)" "0 8 0"
  equals "$(affinity 1)" "0,8"
}

@test "changes queues before anything else, since that makes new vectors" {
  irq
  contains "$(grep ^ethtool "$FAKE/calls" | head -n 1)" "ethtool -L ens5 combined 2"
}

@test "never asks ENA for what it does not know" {
  irq
  lacks "$(<"$FAKE/calls")" "rx-frames"
  lacks "$(<"$FAKE/calls")" "adaptive-tx"
}

@test "a refusal costs one option, not the others" {
  printf 'adaptive-rx\ncombined\n' >"$FAKE/ena-refuses"
  run irq
  equals "$status" 0
  contains "$output" "ens5 refused adaptive-rx off"
  contains "$output" "ens5 keeps 4 queues, 2 were wanted"
  equals "$(ena)" "combined=4 adaptive-rx=on rx-usecs=0 tx-usecs=0 gro=on "
}

@test "pins interrupts without ethtool" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  for tool in bash awk cat chmod mkdir mv sort dirname tr; do ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/$tool"; done
  PATH=$BATS_TEST_TMPDIR/bin run irq
  equals "$status" 0
  contains "$output" "ethtool is missing: ens5 is as its driver made it"
  contains "$output" "taskset could not confine"
  equals "$(affinity 24) $(affinity 25) $(affinity 1)" "0 8 0,8"
}

@test "a second run asks for nothing" {
  irq
  find "$ROOT/proc" "$ROOT/sys" -type f -exec touch -d 2020-01-01 {} +
  : >"$FAKE/calls"
  irq
  lacks "$(<"$FAKE/calls")" ethtool
  equals "$(find "$ROOT/proc" "$ROOT/sys" -type f -newermt 2020-01-02)" ""
}

@test "a network interface that the CNI attaches later, and a link that lost its pins, are brought back" {
  irq
  mkdir -p "$ROOT"/sys/class/net/ens6/{device/msi_irqs,queues/rx-0} "$ROOT"/proc/irq/31
  touch "$ROOT"/sys/class/net/ens6/device/msi_irqs/31
  echo 0 >"$ROOT"/sys/class/net/ens6/queues/rx-0/rps_cpus
  echo 0-15 | tee "$ROOT"/proc/irq/{31,25}/smp_affinity_list >/dev/null
  irq
  equals "$(affinity 31) $(affinity 25)" "0 8"
  equals "$(<"$ROOT/sys/class/net/ens6/queues/rx-0/rps_cpus")" 101
}

@test "vectors that the kernel manages are tolerated and named" {
  [[ $(nproc) -gt 1 ]] || skip "the real file that stands for it names one CPU only"
  mkdir -p "$ROOT/proc/irq/40"
  # "0-1", and a write to it fails for root too.
  ln -s /sys/devices/system/cpu/online "$ROOT/proc/irq/40/smp_affinity_list"
  run irq
  equals "$status" 0
  contains "$output" "the kernel manages the vectors 40 itself"
  lacks "$(irq)" "the kernel manages"
  equals "$(affinity 1)" "0,8"
}

@test "a vector that is on housekeeping CPUs already is left to irqbalance" {
  echo 8 >"$ROOT/proc/irq/1/smp_affinity_list"
  irq
  equals "$(affinity 1)" 8
}

@test "steers what pods send to housekeeping CPUs, by the default and on each veth" {
  irq
  equals "$(<"$ROOT/proc/sys/net/core/rps_default_mask")" 101
  equals "$(<"$ROOT/sys/class/net/veth0/queues/rx-0/rps_cpus")" 101
}

@test "co-located: the card's queues on isolated CPUs, one for each, its management and all others on housekeeping" {
  plan NETWORK_INTERRUPTS colocated
  mkdir "$ROOT/proc/irq/24/ena-mgmnt@pci:0000:00:05.0"
  irq
  equals "$(affinity 24) $(affinity 25) $(affinity 26)" "0,8 1 2"
  equals "$(affinity 1)" "0,8"
  contains "$(ena)" "combined=8"
  equals "$(<"$ROOT/sys/class/net/ens5/queues/rx-0/rps_cpus")" 0
  equals "$(<"$ROOT/sys/class/net/veth0/queues/rx-0/rps_cpus")" 101
}

@test "leaves coalescing to the driver and switches receive offload off where the plan says so" {
  plan COALESCING driver
  plan RECEIVE_OFFLOAD off
  irq
  contains "$(ena)" "adaptive-rx=on rx-usecs=20 tx-usecs=64"
  contains "$(<"$FAKE/calls")" "ethtool -K ens5 gro off"
  : >"$FAKE/calls"
  irq
  lacks "$(<"$FAKE/calls")" ethtool
}

@test "moves nothing in mode off, nor on a machine that is not the planned one" {
  plan HOUSEKEEPING_CORES 2
  irq
  plan_of off
  irq
  equals "$(affinity 24)" "0-15"
}
