#!/usr/bin/env bash
# The package and its tests on arm64, emulated on an x86-64 Debian 12: see docs/aarch64.md.
#
#   apt-get install debootstrap qemu-user-static qemu-system-arm e2fsprogs
#   tests/aarch64.sh [FOLDER] [user|machine|all]     as root; 5 GB; an hour and more
#
# Rule 1: two emulations. `user` (qemu-user) runs arm64 programs on this kernel, which has neither
# seccomp nor Landlock for them; `machine` (qemu-system) boots an arm64 kernel of Debian's.
# Rule 2: what stays is the folder: mounts, and qemu's registration, go with the script.
# Rule 3: it ends with what was not run, and with 1 if a test failed, or if a log has not a line for
# each file of tests that was to run: silence is no success.
# Rule 4: it writes into a folder that is empty, new, or its own, and removes its own logs there alone.
# TESTS="lines yolo" are other files of tests; LIMIT the seconds that each may take.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
FOLDER=$(realpath -m "${1:-/var/tmp/counter-aarch64}")
WHAT=${2:-all}
ROOT=$FOLDER/root
LIMIT=${LIMIT:-600}
SUITE=bookworm # Python 3.11; the kernel from its backports: Landlock knows TCP since Linux 6.7
USER_TESTS="sandbox_syscalls kalman lines zones disclosure gate_floor config letterbox yolo yolo_decode quantised
  interval tally counting onnx ncnn tflite openvino backends models edgetpu hailo frame wire schema geometry"
MACHINE_TESTS="sandbox_filter sandbox_landlock sandbox sandbox_work sandbox_facts tracker $USER_TESTS"
ENDED="the script in there came to its end"

fail() {
  printf 'counter: error: %s\ncounter: hint: %s\n' "$1" "$2" >&2
  exit 2
}

ours() { # before root's rights do anything: is this a folder to write into?
  [[ $WHAT == user || $WHAT == machine || $WHAT == all ]] || fail "there is no '$WHAT'" "user, machine or all"
  [[ $FOLDER != / ]] || fail "/ is this machine, not a folder for another one" "name one that is new"
  [[ -e $ROOT/.made || ! -e $FOLDER || (-d $FOLDER && -z $(ls -A "$FOLDER")) ]] ||
    fail "$FOLDER is not empty, and not made here" "name a new folder; one of a start that broke off is yours to remove"
  local one
  for one in ${TESTS:-$MACHINE_TESTS}; do
    [[ -e tests/test_$one.py ]] || fail "TESTS: there is no tests/test_$one.py" "for example TESTS=\"lines yolo\""
  done
}

needs() {
  [[ $(id -u) == 0 ]] || fail "debootstrap and chroot need root" "sudo $0 $FOLDER $WHAT"
  [[ $(uname -m) == x86_64 ]] || fail "this is $(uname -m), not x86_64" "on an arm64 machine: make test"
  local tool package
  while read -r tool package; do
    PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || fail "no $tool" "apt-get install $package"
  done <<<$'debootstrap debootstrap\nqemu-aarch64-static qemu-user-static
qemu-system-aarch64 qemu-system-arm\nmke2fs e2fsprogs'
}

register() { # arm64 programs start with qemu, as Debian's package says
  local at=/proc/sys/fs/binfmt_misc
  [[ -e $at/register ]] || mount -t binfmt_misc none $at
  [[ ! -e $at/qemu-aarch64 ]] || return 0 # it was there, and stays
  cat /usr/lib/binfmt.d/qemu-aarch64.conf >$at/register
  trap 'echo -1 >/proc/sys/fs/binfmt_misc/qemu-aarch64' EXIT
}

inside() { # a command in the arm64 root
  chroot "$ROOT" /usr/bin/env -i PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    QEMU_CPU=cortex-a76 DEBIAN_FRONTEND=noninteractive PIP_PROGRESS_BAR=off PIP_QUIET=1 PIP_ONLY_BINARY=:all: "$@"
}

make_root() {
  if [[ ! -e $ROOT/.made ]]; then
    debootstrap --arch=arm64 --variant=minbase --include=python3,python3-venv,ca-certificates,libgomp1,\
mosquitto,mosquitto-clients,openssl,iproute2,linux-libc-dev,libseccomp2 $SUITE "$ROOT"
    echo "deb http://deb.debian.org/debian $SUITE-backports main" >"$ROOT/etc/apt/sources.list.d/backports.list"
    touch "$ROOT/.made"
  fi
  mount --rbind /proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
  # qemu-user 7.2 shows this machine's processor, at which onnxruntime crashes; here is a Cortex-A76.
  printf 'processor\t: %d\nFeatures\t: fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm asimddp
CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x4\nCPU part\t: 0xd0b\nCPU revision\t: 1\n\n' \
    0 1 >"$FOLDER/cpuinfo"
  mount --bind "$FOLDER/cpuinfo" "$ROOT/proc/cpuinfo"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$ROOT/etc/hosts"
  cp /etc/resolv.conf "$ROOT/etc/"
  cp /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/" # with the authorities of this machine
  rm -rf "$ROOT/counter" "$ROOT/wheel"
  mkdir "$ROOT/counter"
  tar --exclude=./.venv --exclude=./.git --exclude=__pycache__ --exclude='./.*_cache' -cf - . |
    tar --no-same-owner -xf - -C "$ROOT/counter"
}

install() { # ready wheels only, but for our own, which is built there
  [[ -e $ROOT/venv/bin/pip ]] || inside python3 -m venv /venv
  inside pip install --cert /etc/ssl/certs/ca-certificates.crt hatchling pytest hypothesis jsonschema onnx
  inside pip wheel --no-deps --no-build-isolation --wheel-dir /wheel /counter
  inside bash -c 'pip install --cert /etc/ssl/certs/ca-certificates.crt "$(ls /wheel/*.whl)[openvino,ncnn,tflite]" &&
    pip install --no-deps --no-index --force-reinstall /wheel/*.whl'
}

tests() { # prints the script that runs in there: the wheel's commands, then each file of tests
  cat <<END
#!/bin/bash
export PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
set -o pipefail
machine() { for one in proc:proc sysfs:sys tmpfs:tmp tmpfs:run tmpfs:dev/shm; do
  mkdir -p /\${one#*:}; mount -t \${one%:*} none /\${one#*:}; done; ip link set lo up; }
[[ \$\$ != 1 ]] || machine
cd /tmp; uname -srm; counter --version || echo FAILED version
counter models verify counter-n || echo FAILED verify
for one in /counter/examples/*.toml; do counter check \$one | # a pipe: a file would be a way out
    grep -E 'valid|^model|^backend|^sandbox' || echo FAILED \$one; done
cd /counter
for one in ${TESTS:-$*}; do
  timeout -k 5 $LIMIT pytest -p no:cacheprovider --tb=short tests/test_\$one.py >/tmp/log 2>&1
  case \$? in 0) word=passed ;; 124 | 137) word="NOT FINISHED in $LIMIT s" ;; *) word=FAILED; cat /tmp/log ;; esac
  grep ^SKIPPED /tmp/log; echo "\$word: test_\$one: \$(tail -1 /tmp/log)"
done
# The main job, sealed by that kernel, with the default model of arm64.
[[ \$\$ != 1 ]] || { timeout -s TERM $LIMIT counter run /box.toml 2>&1 | head -5 >out; cat out
  grep -q counter/count/1 out || echo FAILED run: nothing was released
}
echo "$ENDED"
[[ \$\$ != 1 ]] || { sync; echo o >/proc/sysrq-trigger; sleep 60; }
END
}

accounted() { # is the log of a run whole, with one line for each of these files of tests?
  local log=$1 one bad=0
  shift
  [[ $# -gt 0 ]] || { echo "FAILED ${log##*/}: no test was named" && bad=1; }
  grep -q "^$ENDED" "$log" || { echo "FAILED ${log##*/}: it breaks off before its end" && bad=1; }
  for one; do
    [[ $(grep -cE "^(passed|FAILED|NOT FINISHED in [0-9]+ s): test_$one: " "$log") == 1 ]] ||
      { echo "FAILED ${log##*/}: it has no line for test_$one, or several" && bad=1; }
  done
  return $bad
}

in_user() {
  # shellcheck disable=SC2086 # words
  tests $USER_TESTS >"$ROOT/tests.sh"
  inside bash /tests.sh 2>&1 | tee "$FOLDER/user.log"
}

kernel() {
  [[ ! -e $FOLDER/vmlinuz ]] || return 0
  inside bash -c 'cd /tmp && apt-get update -qq && name=$(
    apt-cache show linux-image-cloud-arm64/'$SUITE'-backports | sed -n "s/^Depends: \([^ ,]*\).*/\1/p") &&
    apt-get download -qq -o APT::Sandbox::User=root "$name" && dpkg-deb -x "$name"_*.deb /tmp/kernel'
  cp "$ROOT"/tmp/kernel/boot/vmlinuz-* "$FOLDER/vmlinuz"
  rm -rf "$ROOT"/tmp/*
}

box() {
  cat <<'END'
site = "line-7"
device = "emulated"
purpose = "passenger-information"
interval_s = 30
stdout = true
[cameras.hall]
source = "synthetic:platform"
fps = 1.0
[zones.hall]
camera = "hall"
polygon = [[0.02, 0.02], [0.98, 0.02], [0.98, 0.98], [0.02, 0.98]]
END
}

in_machine() { # a processor core of a Raspberry Pi 5; no network, no disk of this machine
  kernel
  # shellcheck disable=SC2086
  tests $MACHINE_TESTS >"$ROOT/machine.sh"
  box >"$ROOT/box.toml"
  chmod +x "$ROOT/machine.sh"
  umount -l "$ROOT/proc" "$ROOT/dev"
  rm -f "$FOLDER/disk"
  mke2fs -q -t ext4 -d "$ROOT" "$FOLDER/disk" 4G
  qemu-system-aarch64 -M virt -cpu cortex-a76 -smp 2 -m 3072 -nographic -no-reboot -nic none \
    -kernel "$FOLDER/vmlinuz" -drive "file=$FOLDER/disk,if=none,id=disk,format=raw,cache=unsafe" \
    -device nvme,drive=disk,serial=counter \
    -append "root=/dev/nvme0n1 rw init=/machine.sh console=ttyAMA0 quiet panic=-1" </dev/null 2>&1 |
    tee "$FOLDER/machine.log"
}

[[ ${BASH_SOURCE[0]} == "$0" ]] || return 0 # its functions are tried by tests/test_aarch64.py
ours
[[ ${COUNTER_OWN_MOUNTS:-} ]] || { needs; COUNTER_OWN_MOUNTS=1 exec unshare --mount bash tests/aarch64.sh "$FOLDER" "$WHAT"; }
mkdir -p "$FOLDER"
rm -f "$FOLDER/user.log" "$FOLDER/machine.log"
register
make_root
install
[[ $WHAT == machine ]] || in_user
[[ $WHAT == user ]] || in_machine
cat <<END

Not run: a real arm64 board; its camera, Hailo or Edge TPU (fakes stand for them); speed (emulated time says
nothing); Python 3.12 and 3.13; tests that need strace (it cannot trace in qemu-user, and is too slow in
qemu-system), a browser, promtool or the shared models; the files of tests that are not named above, and these lines:
END
failed=0
logs=()
# shellcheck disable=SC2086 # words
[[ $WHAT == machine ]] || { logs+=("$FOLDER/user.log") && accounted "$FOLDER/user.log" ${TESTS:-$USER_TESTS} || failed=1; }
# shellcheck disable=SC2086
[[ $WHAT == user ]] || { logs+=("$FOLDER/machine.log") && accounted "$FOLDER/machine.log" ${TESTS:-$MACHINE_TESTS} || failed=1; }
grep -hE '^SKIPPED|^NOT FINISHED' "${logs[@]}" || echo "(none)"
! grep -hE '^FAILED' "${logs[@]}" || failed=1
exit $failed
