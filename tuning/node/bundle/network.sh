# shellcheck shell=bash
# Network cards: queues, coalescing and the CPUs of their interrupts; sourced by trading-irq and trading-verify.

# Cards, the CNI's later ones included; not veth, bridges or loopback.
network_cards() {
  local device
  for device in "$ROOT"/sys/class/net/*/device; do
    [[ -e $device ]] || continue
    device=${device%/device}
    echo "${device##*/}"
  done
}

# CPUs for the cards' interrupts, one for each queue in turn.
network_cpus() {
  if [[ $NETWORK_INTERRUPTS == colocated ]]; then cpu_list list "$ISOLATED"; else cpu_list list "$HOUSEKEEPING"; fi
}

# A queue for each of these CPUs, as far as the card has them: "CURRENT WANTED", nothing where it cannot say.
queues_of() {
  local wanted
  wanted=$(network_cpus)
  wanted=$(cpu_list expand "$wanted" | awk '{ print NF }')
  ethtool -l "$1" 2>/dev/null | awk -v wanted="$wanted" '
    /^Current/ { now = 1 }
    /^Combined:/ { if (now) current = $2; else most = $2 }
    END { if (current + 0 > 0) print current, (wanted < most + 0 ? wanted : most + 0) }'
}

# Calls of ethtool that are still to be made, as "-C rx-usecs 0"; what the driver does not show is not asked for.
options_left() {
  [[ $COALESCING != off ]] || ethtool -c "$1" 2>/dev/null | awk '
    /^Adaptive RX: on/ { print "-C adaptive-rx off" }
    /^(rx|tx)-usecs:/ { if ($2 ~ /^[0-9]+$/ && $2 > 0) print "-C " substr($1, 1, length($1) - 1), 0 }'
  [[ $RECEIVE_OFFLOAD != off ]] || ethtool -k "$1" 2>/dev/null | awk '/^generic-receive-offload: on/ { print "-K gro off" }'
}

interrupts_of() {
  local path
  for path in "$ROOT/sys/class/net/$1"/device/msi_irqs/*; do
    [[ ! -e $path ]] || echo "${path##*/}"
  done
}
