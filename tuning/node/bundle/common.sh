# shellcheck shell=bash
# What all scripts of trading-tune share; sourced, never run. The plan comes from /etc/trading-tune/plan, which the
# boot hook writes from the user data.
set -o errexit -o nounset -o pipefail

# A prefix for every path, so that a test can run all of this against a folder.
ROOT=${TRADING_ROOT:-}
STATE=$ROOT/var/lib/trading-tune
RUN=$ROOT/run/trading-tune
CPU=$ROOT/sys/devices/system/cpu
LIB=${BASH_SOURCE[0]%/*}
# shellcheck source=/dev/null
. "$ROOT/etc/trading-tune/plan"

log() { echo "${0##*/}: $*"; }

# Nothing of ours may run where an engine does, and in mode balanced systemd starts services on any CPU. Before any other
# command, so that whatever a script starts is confined with it.
[[ $MODE == off ]] || taskset -pc "$HOUSEKEEPING" $$ >/dev/null 2>&1 || log "taskset could not confine this script to $HOUSEKEEPING"
mkdir -p "$STATE" "$RUN"

# Readers see the old file or the new one, never half of it.
write_file() {
  mkdir -p "${1%/*}"
  cat >"$1.new"
  chmod 0644 "$1.new"
  mv -f "$1.new" "$1"
}

# The first line of a file of the kernel, or nothing where it has none.
value_of() {
  local value=
  { read -r value <"$1"; } 2>/dev/null || true
  printf '%s' "$value"
}

# Writes a setting of the kernel. A file that is not there is a knob this machine does not have; a refusal is said.
set_value() {
  [[ -e $1 ]] || return 0
  [[ $(value_of "$1") == "$2" ]] && return 0
  { printf '%s\n' "$2" >"$1"; } 2>/dev/null || log "the kernel refused $2 for ${1#"$ROOT"}"
}

# and, minus, mask, unmask, expand, list: see cpus.awk.
cpu_list() { awk -f "$LIB/cpus.awk" -f "$LIB/cpu-list.awk" "$@"; }

online_cpus() { cpu_list expand "$(value_of "$CPU/online")"; }
isolated_cpus() { cpu_list expand "$ISOLATED"; }

# This machine as partition.awk reads it.
topology() {
  local cpu node siblings
  echo "machine $HOUSEKEEPING_CORES"
  for cpu in $(online_cpus); do
    siblings=$cpu node=0
    { read -r siblings <"$CPU/cpu$cpu/topology/thread_siblings_list"; } 2>/dev/null || true
    for node in "$CPU/cpu$cpu"/node[0-9]*; do node=${node##*/node}; done
    echo "cpu $cpu $siblings ${node/#\[*/0}"
  done
  echo end
}

# "HOUSEKEEPING ISOLATED" by this machine's own topology, or "- REASON".
partition() { topology | awk -f "$LIB/cpus.awk" -f "$LIB/partition.awk"; }

# What Pulumi planned from a table is carried out only where the machine itself says the same.
partition_problem() {
  local found
  [[ $MODE == off ]] && return 0
  found=$(partition)
  [[ $found == "$HOUSEKEEPING $ISOLATED" ]] && return 0
  echo "planned housekeeping $HOUSEKEEPING and isolated $ISOLATED, this machine gives ${found#- }"
}

# Why a knob of frequency or idle states is not there.
absent() {
  case $MACHINE in
    graviton) echo "Graviton has a fixed frequency and no idle states to choose" ;;
    virtual) echo "the hypervisor keeps it" ;;
    *) echo "this kernel does not offer it" ;;
  esac
}
