#!/bin/bash
# Judges the tuning by what CPUs do, and writes /run/trading-tune/status.json. With --probe it puts busy loops on the
# isolated CPUs, but never once a container may be there; without, it only reads.
# shellcheck source=SCRIPTDIR/common.sh
. "${0%/*}/common.sh"
# shellcheck source=SCRIPTDIR/network.sh
. "$LIB/network.sh"
# shellcheck source=SCRIPTDIR/watch.sh
. "$LIB/watch.sh"
# shellcheck source=SCRIPTDIR/checks.sh
. "$LIB/checks.sh"

CHECKS="boot partition kernel threads frequency idle memory sysctls fair_server network irqbalance interrupts tick containers"

# verdict KNOB PASS|FAIL|n/a REASON
verdict() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }

as_json() {
  awk -F '\t' -v mode="$MODE" -v phase="$PHASE" -v housekeeping="$HOUSEKEEPING" -v isolated="$ISOLATED" \
    -v time="$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
    function text(value) { gsub(/\\/, "\\\\", value); gsub(/"/, "\\\"", value); gsub(/[[:cntrl:]]/, " ", value); return "\"" value "\"" }
    {
      knobs = knobs (NR > 1 ? "," : "") "\n  {\"knob\":" text($1) ",\"verdict\":" text($2) ",\"reason\":" text($3) "}"
      if ($2 == "FAIL") failed = failed (failed == "" ? "" : "; ") $1 ": " $3
    }
    END {
      printf "{\"mode\":%s,\"result\":%s,\"reason\":%s,", text(mode), text(failed == "" ? "PASS" : "FAIL"), text(failed)
      printf "\"phase\":%s,\"time\":%s,", text(phase), text(time)
      printf "\"housekeeping\":%s,\"isolated\":%s,\"knobs\":[%s]}\n", text(housekeeping), text(isolated), knobs
    }'
}

judge() {
  local check
  for check in $CHECKS; do
    "check_$check" || verdict "$check" FAIL "the check itself broke"
  done
}

main() {
  PHASE=watched UNPROBED=
  if [[ ${1-} == --probe ]] && ! containers_possible && [[ -z $(partition_problem) ]]; then PHASE=probed; fi
  case $PHASE in probed) probe ;; *) watch ;; esac
  GROWTH=$(growth "$RUN/sample" "$RUN/sample.new")
  mv -f "$RUN/sample.new" "$RUN/sample"
  judge | as_json | write_file "$RUN/status.json"
  log "$(head -n 1 "$RUN/status.json")"
  grep -q '"result":"PASS"' "$RUN/status.json"
}

[[ $MODE == off ]] || main "$@"
