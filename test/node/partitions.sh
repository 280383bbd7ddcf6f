#!/bin/bash
# partitions.sh FOLDER: the CPU partition that the node's own script makes of every machine of machines.txt, one line
# each: "TYPE HOUSEKEEPING ISOLATED" or "TYPE - REASON".
set -o errexit -o nounset -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/machine.bash
. "$here/machine.bash"
# shellcheck disable=SC2013 # A type is a word.
for type in $(sed -n 's/^\([^# ]*\) .*/\1/p' "$here/machines.txt"); do
  root=$1/${type//\//-}
  machine_topology "$type" "$root"
  mkdir -p "$root/etc/trading-tune"
  printf 'MODE=off\nHOUSEKEEPING_CORES=0\n' >"$root/etc/trading-tune/plan"
  # shellcheck source=SCRIPTDIR/../../tuning/node/bundle/common.sh
  echo "$type $(TRADING_ROOT=$root; . "$here/../../tuning/node/bundle/common.sh"; partition)"
done
