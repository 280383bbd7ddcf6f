# shellcheck shell=bash disable=SC2034 # Variables of the tests that load this.
# A node in a folder: a machine of machines.txt, a plan, the scripts as they are in the checkout, and fakes for every
# command that would change the machine we run on.
REPOSITORY=$(cd "${BATS_TEST_DIRNAME:-$(dirname "${BASH_SOURCE[0]}")}/../.." && pwd)
SCRIPTS=$REPOSITORY/tuning/node/bundle
# shellcheck source=SCRIPTDIR/machine.bash
. "$REPOSITORY/test/node/machine.bash"

paths() {
  export TRADING_ROOT=$BATS_TEST_TMPDIR/root FAKE=$BATS_TEST_TMPDIR/fake
  export PATH=$REPOSITORY/test/node/fakes:$PATH
  ROOT=$TRADING_ROOT RUN=$TRADING_ROOT/run/trading-tune
}

# node TYPE [MODE]: a machine, and the plan of a c7i.4xlarge, which a test changes line by line.
node() {
  paths
  mkdir -p "$FAKE" "$ROOT/etc/trading-tune" "$ROOT/etc/systemd/system"
  : >"$FAKE/calls"
  machine "$1" "$ROOT"
  cp "$ROOT/proc/cmdline" "$FAKE/entry"
  printf 'GRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX="console=ttyS0"\n' >"$ROOT/etc/default/grub"
  printf 'spec:\n  kubelet:\n    config:\n      cpuManagerPolicy: "static"\n      reservedSystemCPUs: "0,8"\n      systemReservedCgroup: ""\n      kubeReservedCgroup: ""\n' >"$ROOT/etc/trading-tune/drop-in.yaml"
  plan_of "${2:-balanced}"
}

# A plan for c7i.4xlarge; `plan NAME VALUE` changes a line of it.
plan_of() {
  local isolation=managed_irq
  [[ $1 != static ]] || isolation=managed_irq,domain
  cat >"$ROOT/etc/trading-tune/plan" <<PLAN
MODE='$1'
MACHINE='virtual'
HOUSEKEEPING='0,8'
ISOLATED='1-7,9-15'
HOUSEKEEPING_CORES='1'
KERNEL_ARGUMENTS='isolcpus=$isolation,1-7,9-15 nohz_full=1-7,9-15 rcu_nocbs=1-7,9-15 irqaffinity=0,8 nosoftlockup'
DROP_IN_PATH='/etc/eks/nodeadm.d/50-trading.yaml'
SYSCTLS='vm.stat_interval=10 kernel.timer_migration=1 net.core.busy_read=50'
NETWORK_INTERRUPTS='housekeeping'
COALESCING='off'
RECEIVE_OFFLOAD='on'
IDLE='c1'
TRANSPARENT_HUGEPAGES='never'
HUGEPAGES_2M='0'
HUGEPAGES_1G='0'
FAIR_SERVER='off'
PLAN
  if [[ $1 == off ]]; then
    plan KERNEL_ARGUMENTS ''
    plan SYSCTLS ''
    plan ISOLATED ''
    plan HOUSEKEEPING 0-15
  fi
}

plan() { sed -i "s|^$1=.*|$1='$2'|" "$ROOT/etc/trading-tune/plan"; }

# Boots with what the boot entry says, or with the given command line; $REBOOTED is 1 when the machine goes down again.
boot() {
  printf '%s\n' "${1-$(<"$FAKE/entry")}" >"$ROOT/proc/cmdline"
  : >"$FAKE/calls"
  rm -rf "$RUN"
  bash "$SCRIPTS/trading-boothook.sh" >"$BATS_TEST_TMPDIR/output" 2>&1
  REBOOTED=$(grep -c '^reboot' "$FAKE/calls" || true)
}

# The word and the reason of the boot hook's last report.
state() { sed -n 's/^state=//p' "$ROOT/var/lib/trading-tune/boothook.state"; }
reason() { sed -n 's/^reason=//p' "$ROOT/var/lib/trading-tune/boothook.state"; }

# Comparisons that say what they found, since bats says only the line.
equals() { [[ $1 == "$2" ]] || { printf 'found:    %s\nexpected: %s\n' "$1" "$2" >&2; return 1; }; }
contains() { [[ $1 == *"$2"* ]] || { printf '%s\nis not in: %s\n' "$2" "$1" >&2; return 1; }; }
lacks() { [[ $1 != *"$2"* ]] || { printf '%s\nis in: %s\n' "$2" "$1" >&2; return 1; }; }
