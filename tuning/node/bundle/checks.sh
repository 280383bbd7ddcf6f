# shellcheck shell=bash
# Judges what the kernel and systemd made of each knob; sourced by trading-verify.

# verdict KNOB, PASS where ACTUAL is EXPECTED, else FAIL with both.
same() {
  if [[ $2 == "$3" ]]; then verdict "$1" PASS "$4 is ${3:-empty}"; else verdict "$1" FAIL "$4 is ${2:-empty}, not ${3:-empty}"; fi
}

# PASS where no CPU of a list is isolated.
within() {
  local out
  out=$(cpu_list and "$2" "$ISOLATED")
  if [[ -z $out ]]; then verdict "$1" PASS "$3: $2"; else verdict "$1" FAIL "$3 may run on isolated CPUs $out"; fi
}

check_boot() {
  local state reason
  state=$(sed -n 's/^state=//p' "$RUN/boothook.state" 2>/dev/null) || true
  reason=$(sed -n 's/^reason=//p' "$RUN/boothook.state" 2>/dev/null) || true
  if [[ $state == converged ]]; then verdict boot PASS "$reason"; else verdict boot FAIL "${state:-the boot hook did not run}: $reason"; fi
}

check_partition() {
  local problem
  problem=$(partition_problem)
  verdict partition "$([[ -z $problem ]] && echo PASS || echo FAIL)" "${problem:-this machine has the planned sets}"
}

check_kernel() {
  if [[ $MODE == static ]]; then same isolcpus "$(value_of "$CPU/isolated")" "$ISOLATED" "the set without scheduling"
  else verdict isolcpus n/a "mode balanced keeps the scheduler on isolated CPUs"
  fi
  if [[ -e $CPU/nohz_full ]]; then same nohz_full "$(value_of "$CPU/nohz_full")" "$ISOLATED" "the set without ticks"
  else verdict nohz_full n/a "this kernel is built without NO_HZ_FULL"
  fi
  within irqaffinity "$(cpu_list unmask "$(value_of "$ROOT/proc/irq/default_smp_affinity")")" "new interrupts"
  within workqueues "$(cpu_list unmask "$(value_of "$ROOT/sys/devices/virtual/workqueue/cpumask")")" "workqueues"
  [[ ! -e $ROOT/proc/sys/net/core/rps_default_mask ]] ||
    within rps "$(cpu_list unmask "$(value_of "$ROOT/proc/sys/net/core/rps_default_mask")")" "packets of new interfaces"
  case $(value_of "$CPU/../clocksource/clocksource0/current_clocksource") in
    tsc | arch_sys_counter) verdict clock PASS "the CPU's own counter" ;;
    *) verdict clock FAIL "time is not read from the CPU's own counter" ;;
  esac
}

check_threads() {
  local found
  found=$(awk -v isolated="$ISOLATED" -f "$LIB/cpus.awk" -f "$LIB/strangers.awk" "$ROOT"/proc/[0-9]* | head -n 5 | tr '\n' ';')
  if [[ -z $found ]]; then verdict threads PASS "systemd, daemons, kthreadd and RCU threads stay on $HOUSEKEEPING"
  else verdict threads FAIL "these may run on isolated CPUs: $found"
  fi
}

check_frequency() {
  local wrong
  if ! compgen -G "$CPU/cpufreq/policy*" >/dev/null; then
    verdict governor n/a "$(absent)"
    return
  fi
  wrong=$(grep -Lx performance "$CPU"/cpufreq/policy*/scaling_governor | wc -l)
  if [[ $wrong -eq 0 ]]; then verdict governor PASS "performance on every CPU"; else verdict governor FAIL "not performance on $wrong policies"; fi
}

check_memory() {
  local pages node found
  pages=$(value_of "$ROOT/sys/kernel/mm/transparent_hugepage/enabled")
  pages=${pages#*[} pages=${pages%]*}
  same transparent_hugepages "$pages" "$TRANSPARENT_HUGEPAGES" "the kernel's choice"
  [[ $HUGEPAGES_2M$HUGEPAGES_1G != 00 ]] || return 0
  for node in "$ROOT"/sys/devices/system/node/node[0-9]*; do
    found=$(value_of "$node/hugepages/hugepages-2048kB/nr_hugepages")/$(value_of "$node/hugepages/hugepages-1048576kB/nr_hugepages")
    same "hugepages ${node##*/}" "$found" "$HUGEPAGES_2M/$HUGEPAGES_1G" "pages of 2 MiB/1 GiB"
  done
}

check_sysctls() {
  local setting path wrong=() absent=()
  for setting in $SYSCTLS; do
    path=${setting%%=*}
    path=$ROOT/proc/sys/${path//.//}
    if [[ ! -e $path ]]; then absent+=("${setting%%=*}")
    elif [[ $(value_of "$path") != "${setting#*=}" ]]; then wrong+=("$setting")
    fi
  done
  if [[ ${#wrong[@]} -gt 0 ]]; then verdict sysctls FAIL "not set: ${wrong[*]}"
  else verdict sysctls PASS "all set${absent[*]:+, but for what this kernel lacks: ${absent[*]}}"
  fi
}

check_fair_server() {
  local cpu directory=$ROOT/sys/kernel/debug/sched/fair_server found=
  if [[ $FAIR_SERVER == on ]]; then verdict fair_server n/a "the plan leaves it on"
  elif [[ ! -d $directory ]]; then verdict fair_server n/a "this kernel has none, or no debugfs"
  else
    for cpu in $(isolated_cpus); do [[ $(value_of "$directory/cpu$cpu/runtime") == 0 ]] || found+=" $cpu"; done
    verdict fair_server "$([[ -z $found ]] && echo PASS || echo FAIL)" "runs on isolated CPUs:${found:- none}"
  fi
}

# A refusal of the driver is the driver's, and said; what matters is counted in check_interrupts.
check_network() {
  local card left current wanted
  for card in $(network_cards); do
    if ! command -v ethtool >/dev/null; then
      verdict "network $card" n/a "ethtool is missing"
      continue
    fi
    left=$(options_left "$card" | tr '\n' ';')
    read -r current wanted <<<"$(queues_of "$card")"
    if [[ -n $left || $current != "$wanted" ]]; then
      verdict "network $card" n/a "the driver refused ${left:+$left }${current:+$current queues of $wanted wanted}"
    else
      verdict "network $card" PASS "${current:-its own} queues, options as planned"
    fi
  done
}

check_irqbalance() {
  local found
  found=$(grep -lsx irqbalance "$ROOT"/proc/[0-9]*/comm | head -n 1)
  if [[ -z $found ]]; then verdict irqbalance n/a "it does not run"
  else
    found=$(tr '\0' '\n' <"${found%comm}environ" | sed -n 's/^IRQBALANCE_BANNED_CPULIST=//p')
    same irqbalance "$found" "$ISOLATED" "its ban"
  fi
}

# Containers with CPUs of their own: isolated ones, in the cgroup itself, and without a quota.
check_containers() {
  local file=$ROOT/var/lib/kubelet/cpu_manager_state uid cpus pod scope wrong=() count=0
  if ! containers_possible || [[ ! -r $file ]]; then
    verdict containers n/a "the kubelet has not started"
    return
  fi
  while read -r uid cpus; do
    count=$((count + 1))
    [[ -z $(cpu_list minus "$cpus" "$ISOLATED") ]] || wrong+=("$uid has housekeeping CPUs: $cpus")
    pod=
    for scope in "$ROOT"/sys/fs/cgroup/kubepods.slice/kubepods-pod"${uid//-/_}".slice/*.scope; do
      [[ $(value_of "$scope/cpuset.cpus") == "$cpus" ]] || continue
      pod=$scope
      [[ $(value_of "$scope/cpu.max") == max* ]] || wrong+=("$uid has a CPU quota: $(value_of "$scope/cpu.max")")
    done
    [[ -n $pod ]] || wrong+=("$uid is not confined to its CPUs $cpus")
  done < <(exclusive_cpus "$file")
  if [[ ${#wrong[@]} -eq 0 ]]; then verdict containers PASS "$count with CPUs of their own, isolated and without quota"
  else verdict containers FAIL "$(IFS=';'; echo "${wrong[*]}")"
  fi
}

# "POD CPUS" lines of the kubelet's state: {"entries":{"POD":{"CONTAINER":"1-3"}}}.
exclusive_cpus() {
  tr -d ' \n' <"$1" | sed -n 's/.*"entries":{//p' | sed 's/}}.*//; s/},/\n/g' |
    awk -F'"' '{ for (i = 6; i < NF; i += 4) if ($i != "") print $2, $i }'
}
