# Splits the CPUs of machines into housekeeping and isolated ones, by the same rule as tuning/cpu-plan.ts: whole cores,
# the first of every NUMA node. Input, for each machine:
#   machine HOUSEKEEPING_CORES       0 for the number that follows from the size
#   cpu NUMBER SIBLINGS NUMA_NODE    one line for each CPU that is online, ascending
#   end
# Output: "HOUSEKEEPING ISOLATED", or "- REASON".

$1 == "machine" {
  split("", seen); split("", nodes); split("", core); split("", place)
  wanted = $2; cores = 0; count = 0; last = 0
}

$1 == "cpu" && !($2 in seen) {
  parse($3, seen)
  core[++cores] = $3
  place[cores] = $4
  if (!($4 in nodes)) count++
  nodes[$4] = 1
  if ($4 + 0 > last) last = $4 + 0
}

$1 == "end" { print halves() }

function halves(    total, rest, node, share, i, housekeeping, isolated) {
  total = cores <= 8 ? 1 : cores <= 16 ? 2 : cores <= 32 ? 4 : 8
  if (total < count) total = count
  if (wanted > 0) total = wanted
  if (cores < 4 || total < count || total >= cores)
    return "- " total " housekeeping cores of " cores " on " count " NUMA nodes: this cannot be split"
  rest = total % count
  for (node = 0; node <= last; node++) {
    if (!(node in nodes)) continue
    share = int(total / count) + (rest-- > 0)
    for (i = 1; i <= cores; i++) {
      if (place[i] != node) continue
      if (share-- > 0) parse(core[i], housekeeping)
      else parse(core[i], isolated)
    }
  }
  return format(housekeeping) " " format(isolated)
}
