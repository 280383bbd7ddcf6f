# Processes that may run on an isolated CPU although they belong to no pod: awk -v isolated=LIST, folders of /proc as
# arguments; "PID NAME" lines. Read by hand since a process may be gone by the time its turn comes.

BEGIN {
  parse(isolated, out)
  for (i = 1; i < ARGC; i++) look(ARGV[i])
}

function look(folder,    line, name, parent, pod, field, set, cpu) {
  while ((getline line <(folder "/cgroup")) > 0) if (line ~ /kubepods/) pod = 1
  close(folder "/cgroup")
  while ((getline line <(folder "/status")) > 0) {
    split(line, field)
    if (field[1] == "Name:") name = field[2]
    if (field[1] == "PPid:") parent = field[2]
    if (field[1] == "Cpus_allowed_list:") parse(field[2], set)
  }
  close(folder "/status")
  # Children of kthreadd are bound to their CPU by design, but for those that run RCU callbacks for it.
  if (pod || (parent == 2 && name !~ /^rcuo/)) return
  for (cpu in set) if (cpu in out) { sub(/.*\//, "", folder); print folder, name; return }
}
