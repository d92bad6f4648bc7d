#!/bin/bash
# Run what needs a camera and a virtual camera in a small virtual machine with the kernel's own test
# camera (vivid) and v4l2loopback, so that no device is needed. Linux only; see ../README.md.
#
#   tests/hardware/vm/run.sh [devices|gamepad|show|pattern|camera] [KERNEL]
#       devices: the tests of the two devices     gamepad: that of a pad made by the kernel
#       show: the whole application, drivers pulled, or one half of it: pattern, camera
#       KERNEL: default the newest /boot/vmlinuz-*
#   VNG=path/to/vng PYTHON=path/to/python  to use others than those on the path and in .venv
#   KVM=1                                  where /dev/kvm works: minutes become seconds
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
what=${1:-devices}
kernel=${2:-$(printf '%s\n' /boot/vmlinuz-* | sort -V | tail -n 1)}
python=${PYTHON:-$root/.venv/bin/python}
vng=$(command -v "${VNG:-vng}")
acceleration=(--disable-kvm)  # slow, and works inside containers too
[ -z "${KVM:-}" ] || acceleration=()
guest="bash '$root/tests/hardware/vm/guest.sh' '$root' '$python' '$what'"
# What the machine has no use for, and an emulated processor takes minutes to start.
unwanted=kvm,kvm_amd,kvm_intel,powernow_k8,acpi_cpufreq,i6300esb,ahci,sr_mod,psmouse,pcspkr
unwanted+=,i2c_i801,lpc_ich,aesni_intel,ghash_clmulni_intel,cryptd,joydev

# One processor: two emulated ones stall each other on a busy host. no_timer_check: there the
# emulated timer also fails the kernel's test of it. The pipe: QEMU truncates a file again and again.
PATH=$(dirname "$vng"):$PATH nice -n "${NICE:-10}" "$vng" -r "$kernel" "${acceleration[@]}" \
    --user root --memory 3G --cpus 1 --rw --qemu-opts="-cpu max" \
    --append "no_timer_check module_blacklist=$unwanted" --exec "$guest" < /dev/null 2>&1 | cat
