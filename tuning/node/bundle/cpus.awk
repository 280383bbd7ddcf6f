# Sets of CPUs: lists such as 0,4-6 and masks such as ff,ffffffff0, as the kernel writes them.

function parse(list, set,    count, ranges, i, ends, cpu) {
  count = split(list, ranges, ",")
  for (i = 1; i <= count; i++) {
    if (ranges[i] !~ /^[0-9]+(-[0-9]+)?$/) continue
    if (split(ranges[i], ends, "-") == 1) ends[2] = ends[1]
    for (cpu = ends[1] + 0; cpu <= ends[2] + 0; cpu++) set[cpu] = 1
  }
}

function last_of(set,    cpu, last) {
  last = -1
  for (cpu in set) if (cpu + 0 > last) last = cpu + 0
  return last
}

function format(set,    cpu, last, first, text) {
  last = last_of(set)
  for (cpu = 0; cpu <= last; cpu++) {
    if (!(cpu in set)) continue
    first = cpu
    while ((cpu + 1) in set) cpu++
    text = text (text == "" ? "" : ",") (first == cpu ? first : first "-" cpu)
  }
  return text
}

function expand(set,    cpu, last, text) {
  last = last_of(set)
  for (cpu = 0; cpu <= last; cpu++) if (cpu in set) text = text (text == "" ? "" : " ") cpu
  return text
}

# Digit by digit: no awk counts to 2^192.
function mask(set,    digit, value, bit, text) {
  for (digit = int((last_of(set) < 0 ? 0 : last_of(set)) / 4); digit >= 0; digit--) {
    value = 0
    for (bit = 3; bit >= 0; bit--) value = value * 2 + ((digit * 4 + bit) in set)
    text = text substr("0123456789abcdef", value + 1, 1) (digit % 8 == 0 && digit > 0 ? "," : "")
  }
  return text
}

function unmask(text, set,    digit, value, bit) {
  gsub(/,/, "", text)
  for (digit = 0; digit < length(text); digit++) {
    value = index("0123456789abcdef", substr(tolower(text), length(text) - digit, 1)) - 1
    for (bit = 0; bit < 4; bit++) {
      if (value % 2 == 1) set[digit * 4 + bit] = 1
      value = int(value / 2)
    }
  }
}
