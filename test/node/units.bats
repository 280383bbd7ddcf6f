#!/usr/bin/env bats
# The units beside those of the AMI: after the boot hook, before nodeadm, containerd and the kubelet, without a cycle.

setup() {
  load helper
  UNITS=$BATS_TEST_TMPDIR/units
  mkdir -p "$UNITS"/{multi-user,timers}.target.wants
  cp "$SCRIPTS"/*.service "$SCRIPTS"/*.timer "$UNITS"
  sed -i 's/@HOUSEKEEPING@/0/' "$UNITS"/*.service
  # The ordering lines of the AMI's own units.
  unit nodeadm-config "Before=cloud-init.service" "After=systemd-networkd-wait-online.service"
  unit cloud-init "After=systemd-networkd-wait-online.service" "Before=network-online.target"
  unit cloud-final "After=network-online.target cloud-init.service"
  unit nodeadm-run "After=nodeadm-config.service cloud-final.service" "Requires=nodeadm-config.service"
  unit containerd "After=network.target"
  unit kubelet "After=containerd.service"
  for name in trading-tune trading-verify; do ln -s "../$name.service" "$UNITS/multi-user.target.wants"; done
  for name in trading-irq trading-check; do ln -s "../$name.timer" "$UNITS/timers.target.wants"; done
}

unit() {
  local name=$1
  shift
  printf '%s\n' "[Unit]" "Description=$name" "$@" "[Service]" "Type=oneshot" "ExecStart=/bin/true" >"$UNITS/$name.service"
  ln -s "../$name.service" "$UNITS/multi-user.target.wants"
}

# systemd says a cycle and a key that it does not know, and succeeds all the same: silence is the verdict.
analyze() {
  command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed"
  SYSTEMD_UNIT_PATH=$UNITS:/lib/systemd/system systemd-analyze verify --man=no "$UNITS"/trading-* "$UNITS/nodeadm-run.service" multi-user.target 2>&1
}

@test "systemd finds neither a cycle nor an unknown key" { equals "$(analyze)" ""; }

@test "a cycle would be seen: the same units after the kubelet" {
  analyze >/dev/null
  sed -i 's/^After=/After=kubelet.service /' "$UNITS/trading-tune.service"
  contains "$(analyze)" "ordering cycle"
}

@test "tuning and its proof come before nodeadm, containerd and the kubelet, and never wait for cloud-final" {
  local name
  for name in trading-tune trading-verify; do
    contains "$(grep ^Before= "$UNITS/$name.service")" "nodeadm-run.service containerd.service kubelet.service"
    lacks "$(grep ^After= "$UNITS/$name.service")" "cloud-final"
  done
  contains "$(grep ^After= "$UNITS/trading-verify.service")" "trading-tune.service"
}

@test "every service of ours is confined by systemd, bounded in time, and only one of them may probe" {
  local file
  for file in "$SCRIPTS"/*.service; do
    contains "$(<"$file")" "CPUAffinity=@HOUSEKEEPING@"
    contains "$(<"$file")" "TimeoutStartSec="
  done
  equals "$(grep -l -- --probe "$SCRIPTS"/*.service)" "$SCRIPTS/trading-verify.service"
  # The one that must reach isolated CPUs is outside the slices that trading-tune confines.
  equals "$(grep -l '^Slice=-.slice$' "$SCRIPTS"/*.service)" "$SCRIPTS/trading-verify.service"
}

@test "all that is installed is in the bundle, and the other way round" {
  # shellcheck source=/dev/null disable=SC2034
  (node c7i.4xlarge && ROOT='' && . "$SCRIPTS/install.sh" && printf '%s\n' "${UNITS[@]}" | sort) >"$BATS_TEST_TMPDIR/installed"
  equals "$(<"$BATS_TEST_TMPDIR/installed")" "$(cd "$SCRIPTS" && printf '%s\n' *.service *.timer | sort)"
}
