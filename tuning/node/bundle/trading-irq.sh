#!/bin/bash
# Puts every interrupt where the plan wants it, again and again: a new device, a changed queue count and a link that
# went down and up all bring vectors that nobody pinned.
# shellcheck source=SCRIPTDIR/common.sh
. "${0%/*}/common.sh"
# shellcheck source=SCRIPTDIR/network.sh
. "$LIB/network.sh"

# Queues first, since a change recreates the vectors. ENA takes coalescing options one at a time: one that it refuses
# would take the others with it.
tune_card() {
  local card=$1 current wanted flag option
  read -r current wanted <<<"$(queues_of "$card")"
  if [[ -n $current && $current != "$wanted" ]]; then
    ethtool -L "$card" combined "$wanted" 2>/dev/null || log "$card keeps $current queues, $wanted were wanted"
  fi
  while read -r flag option; do
    # shellcheck disable=SC2086 # Name and value.
    [[ -z $flag ]] || ethtool "$flag" "$card" $option 2>/dev/null || log "$card refused $option"
  done <<<"$(options_left "$card")"
}

# The kernel keeps the vectors of NVMe queues for itself and answers EIO; trading-verify counts what they do.
pin() {
  local file=$ROOT/proc/irq/$1/smp_affinity_list
  [[ -e $file && $(value_of "$file") != "$2" ]] || return 0
  { printf '%s\n' "$2" >"$file"; } 2>/dev/null || MANAGED+=("$1")
}

# Each queue's vector gets one CPU, so that its packets are handled in one place. A card's own management does not
# belong beside an engine.
pin_card() {
  local cpus=() irq index=0
  read -r -a cpus <<<"$(cpu_list expand "$(network_cpus)")"
  for irq in $(interrupts_of "$1" | sort -n); do
    if compgen -G "$ROOT/proc/irq/$irq/*mgmnt*" >/dev/null; then continue; fi
    pin "$irq" "${cpus[index++ % ${#cpus[@]}]}"
    OURS[$irq]=1
  done
}

# Whatever else reaches an isolated CPU.
pin_others() {
  local directory irq allowed
  for directory in "$ROOT"/proc/irq/[0-9]*; do
    irq=${directory##*/}
    [[ -z ${OURS[$irq]-} ]] || continue
    allowed=$(value_of "$directory/smp_affinity_list")
    [[ $allowed != "$HOUSEKEEPING" ]] || continue
    # A vector that may already run on housekeeping CPUs only is left to irqbalance, if there is one.
    [[ -z $(cpu_list and "$allowed" "$ISOLATED") ]] || pin "$irq" "$HOUSEKEEPING"
  done
}

# Packets that a pod sends are handled where its veth says.
steer_packets() {
  local mask file
  mask=$(cpu_list mask "$HOUSEKEEPING")
  set_value "$ROOT/proc/sys/net/core/rps_default_mask" "$mask"
  for file in "$ROOT"/sys/class/net/*/queues/rx-*/rps_cpus; do
    # Where interrupts are to meet the engine, its packets stay there too.
    if [[ $NETWORK_INTERRUPTS == colocated && -e ${file%/queues/*}/device ]]; then continue; fi
    [[ $(cpu_list unmask "$(value_of "$file")") == "$HOUSEKEEPING" ]] || set_value "$file" "$mask"
  done
}

main() {
  local card
  declare -A OURS=()
  MANAGED=()
  for card in $(network_cards); do
    if command -v ethtool >/dev/null; then tune_card "$card"; else log "ethtool is missing: $card is as its driver made it"; fi
    pin_card "$card"
  done
  pin_others
  steer_packets
  # Said when it is new, not every minute.
  [[ "${MANAGED[*]}" == "$(value_of "$RUN/managed-irqs")" ]] || log "the kernel manages the vectors ${MANAGED[*]:-none} itself"
  echo "${MANAGED[*]}" >"$RUN/managed-irqs"
}

[[ $MODE == off || -n $(partition_problem) ]] || main
