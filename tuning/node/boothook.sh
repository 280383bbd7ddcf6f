#!/bin/bash
# Puts this node's plan and the scripts that carry it out in place, then runs the first of them. cloud-init runs it on
# every boot. What the scripts are: tuning/node/bundle.
set -o errexit -o nounset -o pipefail
readonly ROOT=${TRADING_ROOT:-}
readonly LIB=$ROOT/usr/local/lib/trading-tune

put() {
  mkdir -p "${1%/*}"
  cat >"$1.new"
  mv -f "$1.new" "$1"
}

put "$ROOT/etc/trading-tune/plan" <<'TRADING_PLAN'
@PLAN@
TRADING_PLAN
put "$ROOT/etc/trading-tune/drop-in.yaml" <<'TRADING_DROP_IN'
@DROP_IN@
TRADING_DROP_IN

bundle() {
  base64 -d <<'TRADING_BUNDLE' | gzip -dc
@BUNDLE@
TRADING_BUNDLE
}

unpack() {
  # Joined, since errexit sleeps in a condition.
  rm -rf "$LIB.new" && mkdir -p "$LIB.new" &&
    bundle | awk -v to="$LIB.new/" '/^=== /{ if (file) close(file); file = to $2; next } { print >file }' &&
    rm -rf "$LIB" && mv "$LIB.new" "$LIB"
}

if unpack; then exec bash "$LIB/trading-boothook.sh"; fi
# The kubelet's part needs no script.
put "$ROOT@DROP_IN_PATH@" <"$ROOT/etc/trading-tune/drop-in.yaml"
put "$ROOT/run/trading-tune/status.json" <<<'{"result":"FAIL","reason":"boot: the scripts could not be unpacked","knobs":[]}'
