#!/bin/bash
# Sets what can be set on a running kernel, once a boot, before containerd and the kubelet. A knob that this machine
# does not have is passed over; trading-verify says of each what came of it.
# shellcheck source=SCRIPTDIR/common.sh
. "${0%/*}/common.sh"

# An instance may have many policies, or none where the hypervisor keeps the frequency.
frequency() {
  local file
  for file in "$CPU"/cpufreq/policy*/scaling_governor; do set_value "$file" performance; done
  for file in "$CPU"/cpu[0-9]*/power/energy_perf_bias; do set_value "$file" 0; done
}

# Isolated CPUs may only take idle states that are left within 3 microseconds; the others keep saving power, which
# leaves headroom for turbo.
idle_states() {
  local cpu
  [[ $IDLE == deep ]] && return 0
  for cpu in $(isolated_cpus); do set_value "$CPU/cpu$cpu/power/pm_qos_resume_latency_us" 3; done
}

sysctls() {
  local setting
  # With "-", a key that this kernel lacks is no error of systemd-sysctl's.
  # shellcheck disable=SC2086 # Words.
  printf -- '-%s\n' $SYSCTLS | sed 's/=/ = /' | write_file "$ROOT/etc/sysctl.d/98-trading.conf"
  for setting in $SYSCTLS; do
    local key=${setting%%=*}
    set_value "$ROOT/proc/sys/${key//.//}" "${setting#*=}"
  done
}

memory() {
  local node pages=$ROOT/sys/kernel/mm/transparent_hugepage/enabled
  [[ $(value_of "$pages") == *"[$TRANSPARENT_HUGEPAGES]"* ]] || set_value "$pages" "$TRANSPARENT_HUGEPAGES"
  # On each NUMA node by itself: the kernel's own count would let one node have them all.
  for node in "$ROOT"/sys/devices/system/node/node[0-9]*; do
    [[ $HUGEPAGES_2M == 0 ]] || set_value "$node/hugepages/hugepages-2048kB/nr_hugepages" "$HUGEPAGES_2M"
    [[ $HUGEPAGES_1G == 0 ]] || set_value "$node/hugepages/hugepages-1048576kB/nr_hugepages" "$HUGEPAGES_1G"
  done
}

# Unbound kernel work; nohz_full moves it too, on kernels that have it.
workqueues() {
  local file mask
  mask=$(cpu_list mask "$HOUSEKEEPING")
  for file in "$ROOT"/sys/devices/virtual/workqueue/{,*/}cpumask; do
    [[ $(cpu_list unmask "$(value_of "$file")") == "$HOUSEKEEPING" ]] || set_value "$file" "$mask"
  done
}

# From 6.8 on the deadline server of fair tasks brings the tick back to a CPU that had stopped it.
fair_server() {
  local cpu
  [[ $FAIR_SERVER == off ]] || return 0
  for cpu in $(isolated_cpus); do set_value "$ROOT/sys/kernel/debug/sched/fair_server/cpu$cpu/runtime" 0; done
}

# Confined by their cgroups and not by systemd's CPUAffinity, which containers would inherit. Kubelet and containerd
# are in runtime.slice, pods in none of these.
daemons() {
  local slice
  for slice in init.scope system.slice user.slice runtime.slice; do
    systemctl set-property --runtime "$slice" "AllowedCPUs=$HOUSEKEEPING" || log "systemd could not confine $slice"
  done
}

# Jobs that wake up on their own and touch the disk or the network.
timers() {
  local timer
  for timer in fwupd-refresh.timer dnf-makecache.timer; do systemctl stop "$timer" >/dev/null 2>&1 || true; done
}

main() {
  local problem knob
  problem=$(partition_problem)
  if [[ -n $problem ]]; then
    log "nothing is tuned: $problem"
    return 0
  fi
  for knob in frequency idle_states sysctls memory workqueues fair_server daemons timers; do
    "$knob" || log "$knob went wrong; the others go on"
  done
  bash "$LIB/trading-irq.sh" || log "interrupts went wrong"
}

[[ $MODE == off ]] || main
