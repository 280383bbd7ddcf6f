# shellcheck shell=bash
# Judges what CPUs did between two samples; sourced by trading-verify. Reading costs an isolated CPU nothing.

# Counts of the isolated CPUs since boot, with the time in hundredths of a second.
sample() {
  local cpu file seconds files=("$ROOT/proc/interrupts")
  seconds=$(value_of "$ROOT/proc/uptime")
  seconds=${seconds%% *}
  echo "time now ${seconds/./}"
  for cpu in $(isolated_cpus); do files+=("$CPU/cpu$cpu"/cpuidle/state*/latency); done
  for file in "$ROOT/proc/schedstat" "${files[@]:1}"; do
    [[ -r $file ]] || continue
    set -- "$@" "$file"
  done
  awk -v cpus="$(isolated_cpus)" -f "$LIB/sample.awk" "${files[0]}" "$@"
}

# "KIND WHERE COUNT-A-SECOND" for whatever grew between two samples.
growth() {
  awk 'NR == FNR { before[$1, $2] = $3; next }
    $1 == "time" { seconds = ($3 - before[$1, $2]) / 100; if (seconds <= 0) exit; next }
    $3 > before[$1, $2] { printf "%s %s %.1f\n", $1, $2, ($3 - before[$1, $2]) / seconds }' "$1" "$2"
}

# The lines of one kind whose rate is above a limit, as "WHERE RATE/s" lists.
above() { awk -v kind="$1" -v limit="$2" '$1 == kind && $3 > limit { printf "%s%s %s/s", sep, $2, $3; sep = ", " }'; }

# Without a tick a CPU still has a few timer interrupts; with one it has 100 to 1000 a second.
check_tick() {
  local busy waiting
  busy=$(above tick 10 <<<"$GROWTH")
  waiting=$(above wait 10000000 <<<"$GROWTH")
  if [[ ! -e $CPU/nohz_full ]]; then verdict tick n/a "this kernel is built without NO_HZ_FULL, so the tick stays"
  elif [[ -n $UNPROBED ]]; then verdict tick FAIL "no busy loop could run on isolated CPUs$UNPROBED"
  elif [[ -z $busy ]]; then verdict tick PASS "at most 10 timer interrupts a second$([[ $PHASE != probed ]] || echo " under a busy loop")"
  elif [[ -n $waiting ]]; then verdict tick n/a "threads wait for each other, so the tick is needed: $busy"
  else verdict tick FAIL "timer interrupts on isolated CPUs: $busy"
  fi
}

# NVMe queues belong to the kernel: they interrupt a CPU only if that CPU itself asked for the block.
check_interrupts() {
  local lines=$GROWTH found pattern='/nvme'
  [[ $NETWORK_INTERRUPTS != colocated ]] || pattern+="|/($(network_cards | tr '\n' '|')none)-"
  found=$(grep -Ev "^irq [0-9]+($pattern)" <<<"$lines" | above irq 0)
  if [[ -z $found ]]; then verdict interrupts PASS "no device interrupted an isolated CPU where the plan does not say so"
  else verdict interrupts FAIL "devices interrupt isolated CPUs: $found"
  fi
}

check_idle() {
  local found
  found=$(above idle 0 <<<"$GROWTH")
  if [[ $IDLE == deep ]]; then verdict idle n/a "the plan allows deep idle states"
  elif [[ ! -e $CPU/cpu0/cpuidle/state0 && $IDLE == poll ]]; then verdict idle PASS "idle CPUs poll"
  elif [[ ! -e $CPU/cpu0/cpuidle/state0 ]]; then verdict idle n/a "no idle states: $(absent)"
  elif [[ -z $found ]]; then verdict idle PASS "no isolated CPU entered an idle state that takes over 3 microseconds to leave"
  else verdict idle FAIL "isolated CPUs slept deeply: $found"
  fi
}

# True once the kubelet has run since boot, or anything that could hold a container is there.
containers_possible() {
  compgen -G "$ROOT/sys/fs/cgroup/kubepods*" >/dev/null ||
    grep -qsE '^(kubelet|containerd-shim)' "$ROOT"/proc/[0-9]*/comm
}

# Every isolated CPU at once under a busy loop, for two seconds. Each loop ends by itself, whoever stops us. A CPU without
# its loop proves nothing, so it is kept in UNPROBED.
probe() {
  local cpu loops=()
  for cpu in $(isolated_cpus); do
    # shellcheck disable=SC2016 # The loop's own variables.
    taskset -c "$cpu" bash -c 'end=$((SECONDS + 10)); while ((SECONDS < end)); do :; done' >/dev/null 2>&1 &
    loops[cpu]=$!
  done
  sleep 1
  sample >"$RUN/sample"
  sleep 2
  sample >"$RUN/sample.new"
  for cpu in "${!loops[@]}"; do kill "${loops[cpu]}" 2>/dev/null || UNPROBED+=" $cpu"; done
  wait
}

# Compares with the sample of the last check; the first one has to wait for its second.
watch() {
  if [[ ! -s $RUN/sample ]]; then
    sample >"$RUN/sample"
    sleep 2
  fi
  sample >"$RUN/sample.new"
}
