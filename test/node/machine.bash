# shellcheck shell=bash
# Makes /proc and /sys of a machine of machines.txt below a folder; sourced by the bats files and by the comparison with
# the TypeScript plan.

# machine TYPE ROOT: everything.
machine() {
  local type=$1 root=$2 name vendor cores threads nodes cpufreq states cpus cpu
  find_machine
  make_topology
  make_cpu_knobs
  make_numa_nodes
  make_kernel_files
}

# machine_topology TYPE ROOT: only what says which CPUs share a core and a NUMA node.
machine_topology() {
  local type=$1 root=$2 name vendor cores threads nodes cpufreq states cpus cpu
  find_machine
  make_topology
}

find_machine() {
  while read -r name vendor cores threads nodes _ cpufreq states; do
    [[ $name == "$type" ]] && break
  done <"${BASH_SOURCE[0]%/*}/machines.txt"
  [[ $name == "$type" ]] || { echo "no machine $type" >&2; return 1; }
  cpus=$((cores * threads)) cpu=$root/sys/devices/system/cpu
}

make_topology() {
  local n core siblings folders=()
  for ((n = 0; n < cpus; n++)); do
    folders+=("$cpu/cpu$n/topology" "$cpu/cpu$n/node$((n % cores / (cores / nodes)))")
  done
  mkdir -p "${folders[@]}"
  for ((n = 0; n < cpus; n++)); do
    core=$((n % cores))
    siblings=$core
    if ((threads == 2)); then siblings+=,$((core + cores)); fi
    echo "$siblings" >"$cpu/cpu$n/topology/thread_siblings_list"
  done
  echo "0-$((cpus - 1))" >"$cpu/online"
}

make_cpu_knobs() {
  local n directory state index
  echo >"$cpu/isolated"
  echo >"$cpu/nohz_full"
  for ((n = 0; n < cpus; n++)); do
    directory=$cpu/cpu$n
    mkdir -p "$directory/power"
    echo 0 >"$directory/power/pm_qos_resume_latency_us"
    index=0
    for state in $states; do
      mkdir -p "$directory/cpuidle/state$index"
      echo "${state%:*}" >"$directory/cpuidle/state$index/name"
      echo "${state#*:}" >"$directory/cpuidle/state$index/latency"
      echo 0 >"$directory/cpuidle/state$index/usage"
      index=$((index + 1))
    done
    [[ $cpufreq == yes ]] || continue
    mkdir -p "$cpu/cpufreq/policy$n"
    echo powersave >"$cpu/cpufreq/policy$n/scaling_governor"
    echo 6 >"$directory/power/energy_perf_bias"
  done
}

make_numa_nodes() {
  local n node
  for ((n = 0; n < nodes; n++)); do
    node=$root/sys/devices/system/node/node$n
    mkdir -p "$node"/hugepages/hugepages-{2048,1048576}kB
    echo 0 | tee "$node"/hugepages/hugepages-{2048,1048576}kB/nr_hugepages >/dev/null
  done
}

# What every kernel has, as it is before anybody tuned it.
make_kernel_files() {
  local all
  all=$(awk -v n="$cpus" 'BEGIN { for (i = 0; i < n / 4; i++) printf "f" }')
  mkdir -p "$root"/sys/devices/virtual/workqueue/writeback "$root"/sys/kernel/mm/transparent_hugepage \
    "$cpu/../clocksource/clocksource0" "$root"/proc/irq/{1,24,25,26} "$root"/proc/sys/{kernel,vm,net/core} \
    "$root"/sys/class/net/{lo,ens5/device/msi_irqs,ens5/queues/rx-0,veth0/queues/rx-0} "$root"/proc/{1,2,900}
  mkdir -p "$root"/etc/default "$root"/var/lib/cloud/data
  echo 6.12.1-fake >"$root/proc/sys/kernel/osrelease"
  echo "BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz root=UUID=1 console=ttyS0" >"$root/proc/cmdline"
  echo i-1 >"$root/var/lib/cloud/data/instance-id"
  printf 'vendor_id : %s\n' "$vendor" >"$root/proc/cpuinfo"
  echo "1000.00 1.00" >"$root/proc/uptime"
  echo "$all" | tee "$root"/sys/devices/virtual/workqueue/{,writeback/}cpumask "$root/proc/irq/default_smp_affinity" >/dev/null
  echo "always [madvise] never" >"$root/sys/kernel/mm/transparent_hugepage/enabled"
  if [[ $vendor == ARM ]]; then echo arch_sys_counter; else echo tsc; fi >"$cpu/../clocksource/clocksource0/current_clocksource"
  echo "0-$((cpus - 1))" | tee "$root"/proc/irq/{1,24,25,26}/smp_affinity_list >/dev/null
  touch "$root"/sys/class/net/ens5/device/msi_irqs/{24,25,26}
  echo 0 | tee "$root"/sys/class/net/{ens5,veth0}/queues/rx-0/rps_cpus "$root"/proc/sys/net/core/{rps_default_mask,busy_read,busy_poll} \
    "$root"/proc/sys/kernel/{timer_migration,numa_balancing,hung_task_timeout_secs} "$root"/proc/sys/vm/stat_interval >/dev/null
  process 1 systemd 0 /init.scope
  process 2 kthreadd 0 /
  process 900 sshd 1 /system.slice/sshd.service
}

# process PID NAME PARENT CGROUP [CPUS]
process() {
  mkdir -p "${root:?}/proc/$1"
  printf 'Name:\t%s\nPPid:\t%s\nCpus_allowed_list:\t%s\n' "$2" "$3" "${5:-0-$((cpus - 1))}" >"${root:?}/proc/$1/status"
  echo "0::$4" >"${root:?}/proc/$1/cgroup"
  echo "$2" >"${root:?}/proc/$1/comm"
}
