#!/bin/bash
# Inside the virtual machine: load the two devices, run the tests on them.
set -euo pipefail

export PATH=/usr/sbin:/sbin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
modprobe vivid node_types=0x1
modprobe v4l2loopback video_nr=20 card_label=Reverie exclusive_caps=1
cd "$1"
"$2" -c "
from engine.sources.webcam import list_webcams
print(list_webcams())
"
"$2" -m pytest tests/hardware -m "camera or virtual_camera" -v -p no:cacheprovider -o timeout=900
