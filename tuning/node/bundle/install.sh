# shellcheck shell=bash
# Puts units and the udev rule in their places, and takes them away in mode off; sourced by the boot hook.
UNITS=(trading-tune.service trading-verify.service trading-irq.service trading-irq.timer trading-check.service trading-check.timer)
STARTED=(trading-tune.service trading-verify.service trading-irq.timer trading-check.timer)
SYSTEMD=$ROOT/etc/systemd/system
RULE=$ROOT/etc/udev/rules.d/90-trading-irq.rules
BAN=$SYSTEMD/irqbalance.service.d/50-trading.conf
SYSCTL_FILE=$ROOT/etc/sysctl.d/98-trading.conf

install_units() {
  if [[ $MODE == off ]]; then
    remove_units
    return
  fi
  local unit changed=
  for unit in "${UNITS[@]}"; do
    # In mode balanced systemd itself may run on any CPU; its children must not.
    if sed "s/@HOUSEKEEPING@/$HOUSEKEEPING/" "$LIB/$unit" | put "$SYSTEMD/$unit"; then changed=1; fi
  done
  if put "$RULE" <"$LIB/${RULE##*/}"; then udevadm control --reload || true; fi
  if command -v irqbalance >/dev/null && ban | put "$BAN"; then changed=1; fi
  if [[ -n $changed ]]; then
    systemctl daemon-reload || true
    systemctl try-restart --no-block irqbalance.service >/dev/null 2>&1 || true
  fi
  systemctl enable "${STARTED[@]}" >/dev/null 2>&1 || log "systemctl could not enable the units"
}

# AWS advises against switching irqbalance off; it is only kept away from the isolated CPUs.
ban() { printf '[Service]\nEnvironment=IRQBALANCE_BANNED_CPULIST=%s\n' "$ISOLATED"; }

# True when the file had to be written.
put() {
  cat >"$RUN/put"
  cmp -s "$RUN/put" "$1" && return 1
  write_file "$1" <"$RUN/put"
}

# What a tuned node left on the disk. What it left in the kernel goes with the reboot that takes the arguments back.
remove_units() {
  [[ -e $SYSTEMD/trading-tune.service || -e $SYSCTL_FILE ]] || return 0
  systemctl disable --now "${STARTED[@]}" >/dev/null 2>&1 || true
  rm -f "${UNITS[@]/#/$SYSTEMD/}" "$RULE" "$BAN" "$SYSCTL_FILE"
  systemctl daemon-reload || true
}

# On a boot that needs no reboot the units may be newer than systemd's plan of this boot. Without waiting: they come
# after cloud-init's own stage, in which we are.
start_units() {
  if [[ $MODE == off ]]; then
    printf '{"mode":"off","result":"n/a","reason":"tuning is off","knobs":[]}\n' | write_file "$RUN/status.json"
  else
    systemctl start --no-block "${STARTED[@]}" || log "systemctl could not start the units"
  fi
}
