#!/bin/bash
# Brings this node's kernel command line and kubelet drop-in to the planned state. cloud-init runs it on every boot,
# before nodeadm starts containerd and the kubelet, so a reboot from here is one that no pod ever sees.
set -o errexit -o nounset -o pipefail

# Data of the plan. tuning/boothook.ts writes these values and reads them back; keep one per line.
readonly KERNEL_ARGUMENTS='@KERNEL_ARGUMENTS@'
readonly MANAGED_KEYS='@MANAGED_KEYS@'
readonly DROP_IN_PATH='@DROP_IN_PATH@'

# A prefix for every path, so that a test can run this against a folder.
readonly ROOT=${TRADING_ROOT:-}
readonly STATE="$ROOT/var/lib/trading-tune"
readonly RUN="$ROOT/run/trading-tune"

drop_in() {
  cat <<'TRADING_DROP_IN'
@DROP_IN@
TRADING_DROP_IN
}

log() { echo "trading-boothook: $*"; }

# Readers see the old file or the new one, never half of it.
write_file() {
  local path=$1
  mkdir -p "${path%/*}"
  cat >"$path.new"
  chmod 0644 "$path.new"
  mv -f "$path.new" "$path"
}

report() {
  log "$1: $2"
  printf 'state=%s\nreason=%s\n' "$1" "$2" | tee "$RUN/boothook.state" | write_file "$STATE/boothook.state"
}

# Prints the arguments on standard input without those whose key is managed here.
without_managed() {
  awk -v managed="$MANAGED_KEYS" '
    BEGIN { count = split(managed, keys, " "); for (i = 1; i <= count; i++) ours[keys[i]] = 1 }
    {
      out = ""
      for (i = 1; i <= NF; i++) {
        key = $i; sub(/=.*/, "", key)
        if (!(key in ours)) out = out (out == "" ? "" : " ") $i
      }
      print out
    }'
}

# Prints what separates the running kernel from the plan: nothing when every planned argument is there and no other
# value of a managed key is.
difference() {
  awk -v wanted="$KERNEL_ARGUMENTS" -v managed="$MANAGED_KEYS" '
    BEGIN {
      keys = split(managed, key, " "); for (i = 1; i <= keys; i++) ours[key[i]] = 1
      count = split(wanted, want, " "); for (i = 1; i <= count; i++) planned[want[i]] = 1
    }
    {
      for (i = 1; i <= NF; i++) {
        name = $i; sub(/=.*/, "", name)
        if (name in ours && !($i in planned)) printf "unplanned %s; ", $i
        present[$i] = 1
      }
    }
    END { for (i = 1; i <= count; i++) if (!(want[i] in present)) printf "missing %s; ", want[i] }
  ' "$ROOT/proc/cmdline"
}

# grubby edits the boot entries; /etc/default/grub is what a later kernel package builds new entries from.
edit_boot_loader() {
  # Removed by key first: whether --args replaces an older value or adds a second one differs between versions.
  grubby --update-kernel=ALL --remove-args="$MANAGED_KEYS" || return 1
  if [[ -n $KERNEL_ARGUMENTS ]]; then
    grubby --update-kernel=ALL --args="$KERNEL_ARGUMENTS" || return 1
  fi
  persist_grub_default
}

persist_grub_default() {
  local file="$ROOT/etc/default/grub" value
  [[ -f $file ]] || write_file "$file" </dev/null || return 1
  # Sourced as grub2-mkconfig sources it, so that its quoting is read by the same rules.
  # shellcheck source=/dev/null
  value=$(set +o nounset; GRUB_CMDLINE_LINUX=; . "$file" >/dev/null && echo "$GRUB_CMDLINE_LINUX") || return 1
  value=$(without_managed <<<"$value")
  value="${value:+$value }$KERNEL_ARGUMENTS"
  LINE="GRUB_CMDLINE_LINUX=\"$(sed 's/[\\"$`]/\\&/g; s/ $//' <<<"$value")\"" awk '
    /^[[:space:]]*GRUB_CMDLINE_LINUX=/ { if (!done) print ENVIRON["LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["LINE"] }' "$file" | write_file "$file"
}

# One attempt for each plan and instance: an AMI made from a tuned node carries the file of another instance.
attempt_record() {
  printf '%s %s\n' "$(cat "$ROOT/var/lib/cloud/data/instance-id" 2>/dev/null || echo unknown)" "$KERNEL_ARGUMENTS"
}

main() {
  mkdir -p "$STATE" "$RUN"
  # cloud-init may be started twice; a second copy must not count as a second attempt.
  exec 9>"$RUN/boothook.lock"
  flock 9

  drop_in | write_file "$ROOT$DROP_IN_PATH"

  local missing
  missing=$(difference)
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
  if ! edit_boot_loader; then
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
