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
guest="bash '$root/tests/hardware/vm/guest.sh' '$root' '$python'"

# One processor: two emulated ones stall each other on a busy host. no_timer_check: there the
# emulated timer also fails the kernel's test of it. The pipe: QEMU truncates a file again and again.
nice -n 10 "${VNG:-vng}" -r "$kernel" "${acceleration[@]}" --user root --memory 3G --cpus 1 --rw \
    --qemu-opts="-cpu max" --append no_timer_check --exec "$guest" < /dev/null 2>&1 | cat
