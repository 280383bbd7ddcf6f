#!/bin/bash
# Brings this node's kernel command line and kubelet drop-in to the planned state. The boot hook runs it on every
# boot, before nodeadm starts containerd and the kubelet, so a reboot from here is one that no pod ever sees.
# shellcheck source=SCRIPTDIR/common.sh
. "${0%/*}/common.sh"
# shellcheck source=SCRIPTDIR/boot-loader.sh
. "$LIB/boot-loader.sh"
# shellcheck source=SCRIPTDIR/install.sh
. "$LIB/install.sh"

report() {
  log "$1: $2"
  printf 'state=%s\nreason=%s\n' "$1" "$2" | tee "$RUN/boothook.state" | write_file "$STATE/boothook.state"
}

# The planned drop-in with this machine's own reserved set. On a machine that is not the planned one the kubelet must
# still start, and be fenced, instead of being given CPUs that do not exist.
drop_in() {
  local found
  found=$([[ $MODE == off ]] || partition)
  awk -v housekeeping="${found% *}" -v planned="${found:+$HOUSEKEEPING}" '
    planned == "" || housekeeping == planned { print; next }
    housekeeping ~ /^-/ && /^ *(reservedSystemCPUs|systemReservedCgroup|kubeReservedCgroup):/ { next }
    /^ *reservedSystemCPUs:/ { sub(/".*"/, "\"" housekeeping "\"") }
    { print }' "$ROOT/etc/trading-tune/drop-in.yaml"
}

# One attempt for each plan and instance: an AMI made from a tuned node carries the file of another instance. The plan
# and not what is left of it on this kernel: two kernels that disagree must not take turns.
attempt_record() {
  printf '%s %s\n' "$(cat "$ROOT/var/lib/cloud/data/instance-id" 2>/dev/null || echo unknown)" "$KERNEL_ARGUMENTS"
}

main() {
  local problem arguments missing
  # cloud-init may be started twice; a second copy must not count as a second attempt.
  exec 9>"$RUN/boothook.lock"
  flock 9
  drop_in | write_file "$ROOT$DROP_IN_PATH"
  install_units
  problem=$(partition_problem)
  if [[ -n $problem ]]; then
    report failed "$problem"
    return 0
  fi
  arguments=$(supported_arguments)
  missing=$(difference "$arguments")
  missing=${missing%; }
  if [[ -z $missing ]]; then
    # A later loss, by a new kernel package for example, may be repaired by a reboot of its own.
    rm -f "$STATE/attempted"
    report converged "kernel command line is as planned"
    return 0
  fi
  if [[ -f $STATE/attempted && $(<"$STATE/attempted") == "$(attempt_record)" ]]; then
    report failed "one reboot did not help: $missing"
    return 0
  fi
  # Counted before anything is touched: whatever fails from here on, this happens once.
  attempt_record | write_file "$STATE/attempted"
  if ! edit_boot_loader "$arguments"; then
    report failed "the boot loader could not be edited: $missing"
    return 0
  fi
  report rebooting "$missing"
  sync
  if ! reboot; then
    report failed "the reboot was refused: $missing"
    return 0
  fi
  # Nothing of cloud-init or nodeadm may go on while the machine goes down.
  exec sleep infinity
}

main
start_units
