# What happened on some CPUs since boot, one count a line: awk -v cpus="1 2 3" on /proc/interrupts, /proc/schedstat, and
# the latency file of each idle state.
#   tick CPU COUNT           timer interrupts
#   irq NAME@CPU COUNT       interrupts of devices
#   wait CPU NANOSECONDS     time that threads waited for this CPU: more threads than CPUs
#   idle STATE@CPU COUNT     times that the CPU entered an idle state that takes over 3 microseconds to leave

BEGIN { count = split(cpus, list, " "); for (i = 1; i <= count; i++) wanted[list[i]] = 1 }

FILENAME ~ /interrupts$/ && FNR == 1 {
  columns = NF
  for (i = 1; i <= NF; i++) cpu_of[i] = substr($i, 4)
  next
}

FILENAME ~ /interrupts$/ {
  # arm64 counts its timer as a device's interrupt.
  tick = $1 == "LOC:" || $NF == "arch_timer"
  if (!tick && $1 !~ /^[0-9]+:$/) next
  for (i = 1; i <= columns; i++) {
    if (!(cpu_of[i] in wanted) || $(i + 1) + 0 == 0) continue
    if (tick) ticks[cpu_of[i]] += $(i + 1)
    else print "irq " substr($1, 1, length($1) - 1) "/" $NF "@" cpu_of[i], $(i + 1)
  }
}

/^cpu[0-9]/ && FILENAME ~ /schedstat$/ && substr($1, 4) in wanted { print "wait " substr($1, 4), $9 }

FILENAME ~ /latency$/ && $1 > 3 {
  folder = substr(FILENAME, 1, length(FILENAME) - 7)
  name = usage = 0
  getline name <(folder "name")
  getline usage <(folder "usage")
  close(folder "name")
  close(folder "usage")
  sub(/\/cpuidle.*/, "", folder)
  sub(/.*cpu/, "", folder)
  print "idle " name "@" folder, usage
}

END { for (i = 1; i <= count; i++) print "tick " list[i], ticks[list[i]] + 0 }
