# One operation on sets: awk -f cpus.awk -f cpu-list.awk OPERATION SET [SET].

BEGIN {
  operation = ARGV[1]
  if (operation == "unmask") unmask(ARGV[2], left)
  else parse(ARGV[2], left)
  parse(ARGV[3], right)
  for (cpu in left)
    if ((operation == "and" && !(cpu in right)) || (operation == "minus" && cpu in right)) delete left[cpu]
  if (operation == "mask") print mask(left)
  else if (operation == "expand") print expand(left)
  else print format(left)
  exit
}
