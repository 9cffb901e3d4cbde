#!/usr/bin/env bash
# Everything that is checked, in the order that fails soonest. Called by `make test` and by CI.
set -euo pipefail
cd "$(dirname "$0")/.."

# The MQTT tests talk to a real broker, the privacy test to a real tracer, the metrics test to promtool,
# the dossier's to a real browser (10 s to install).
declare -A packages=([mosquitto]=mosquitto [mosquitto_sub]=mosquitto-clients [strace]=strace [promtool]=prometheus
  [chromium]=chromium)
missing=()
for tool in "${!packages[@]}"; do
  PATH="$PATH:/usr/sbin" command -v "$tool" >/dev/null || missing+=("${packages[$tool]}")
done
if ((${#missing[@]})); then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]} for the tests"
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    apt-get update -qq || true
    for package in "${missing[@]}"; do  # one by one: not every distribution has them all
      apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
        || echo "counter: could not install $package: its tests will say that they were not run"
    done
  else
    echo "counter: not installed: ${missing[*]}: their tests will say that they were not run"
    echo "counter: hint: sudo apt-get install ${missing[*]}"
  fi
fi
export PATH="$PATH:/usr/sbin"

ruff format --check .
ruff check .
mypy
pytest --numprocesses auto --dist loadfile "$@"
