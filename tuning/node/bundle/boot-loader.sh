# shellcheck shell=bash
# The kernel command line: what it should be on this kernel, what it is, and how it is changed; sourced by the boot hook.
MANAGED_KEYS=$(<"$LIB/managed-keys")

# Prints the planned arguments that this kernel knows. The others would be ignored in silence, so they are left out and
# said. Asked of how the kernel was built and of nothing that an argument itself changes, or two boots could disagree.
supported_arguments() {
  local argument left=() kept=()
  for argument in $KERNEL_ARGUMENTS; do
    case $argument in
      nohz_full=*) [[ -e $CPU/nohz_full ]] || { left+=("${argument%%=*}"); continue; } ;;
      rcu_nocbs=*) kernel_has RCU_NOCB_CPU || { left+=("${argument%%=*}"); continue; } ;;
      isolcpus=*) kernel_has CPU_ISOLATION || { left+=("${argument%%=*}"); continue; } ;;
    esac
    kept+=("$argument")
  done
  printf '%s' "${left[*]}" | write_file "$RUN/unsupported-arguments"
  echo "${kept[*]}"
}

# Whether the kernel was built with an option; true where its configuration is not to be found.
kernel_has() {
  local config
  config=$ROOT/boot/config-$(value_of "$ROOT/proc/sys/kernel/osrelease")
  [[ ! -r $config ]] || grep -q "^CONFIG_$1=y" "$config"
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

# Prints what separates the running kernel from the arguments: nothing when each of them is there and no other value of
# a managed key is.
difference() {
  awk -v wanted="$1" -v managed="$MANAGED_KEYS" '
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
  if [[ -n $1 ]]; then
    grubby --update-kernel=ALL --args="$1" || return 1
  fi
  persist_grub_default GRUB_CMDLINE_LINUX "$1" && persist_grub_default GRUB_CMDLINE_LINUX_DEFAULT ""
}

# Rewrites one variable of /etc/default/grub: what it had, without our keys, then the arguments given.
persist_grub_default() {
  local file=$ROOT/etc/default/grub before value
  [[ -f $file ]] || write_file "$file" </dev/null || return 1
  # Sourced as grub2-mkconfig sources it, so that its quoting is read by the same rules.
  # shellcheck source=/dev/null
  before=$(set +o nounset; unset "$1"; . "$file" >/dev/null && echo "${!1-}") || return 1
  value=$(without_managed <<<"$before")
  [[ -z $2 && $value == "$before" ]] && return 0
  value="${value:+$value }$2"
  NAME=$1 LINE="$1=\"$(sed 's/[\\"$`]/\\&/g; s/ $//' <<<"$value")\"" awk '
    match($0, /[^ \t]/) && index($0, ENVIRON["NAME"] "=") == RSTART {
      if (!done) print ENVIRON["LINE"]; done = 1; next
    }
    { print }
    END { if (!done) print ENVIRON["LINE"] }' "$file" | write_file "$file"
}
