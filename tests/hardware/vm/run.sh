#!/bin/bash
# Run the camera and virtual-camera tests in a small virtual machine with the kernel's own test
# camera (vivid) and v4l2loopback, so that no device is needed. Linux only; see ../README.md.
#
#   tests/hardware/vm/run.sh [KERNEL]      KERNEL: default the newest /boot/vmlinuz-*
#   VNG=path/to/vng PYTHON=path/to/python  to use others than those on the path and in .venv
#   KVM=1                                  where /dev/kvm works: minutes become seconds
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
kernel=${1:-$(printf '%s\n' /boot/vmlinuz-* | sort -V | tail -n 1)}
python=${PYTHON:-$root/.venv/bin/python}
acceleration=(--disable-kvm)  # slow, and works inside containers too
[ -z "${KVM:-}" ] || acceleration=()

exec nice -n 10 "${VNG:-vng}" -r "$kernel" "${acceleration[@]}" --user root --memory 4G --cpus 2 --rw \
    --qemu-opts="-cpu max" --exec "bash '$root/tests/hardware/vm/guest.sh' '$root' '$python'" \
    < /dev/null
