#!/bin/bash
# Inside the virtual machine: load the two devices, run the tests on them.
set -euo pipefail

export PATH=/usr/sbin:/sbin:$PATH HOME=/tmp
export PYTHONPATH=$1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1  # the plugins for Qt take minutes to load in here
modprobe vivid node_types=0x1
modprobe v4l2loopback video_nr=20 card_label=Reverie exclusive_caps=1
cd "$1"
"$2" -c "
from engine.sources.webcam import WebcamSource, list_webcams
print(list_webcams())
camera = WebcamSource()
print(camera.open())
camera.close()
"
"$2" -m pytest -c /dev/null --rootdir "$1" -p no:cacheprovider -W ignore::pytest.PytestUnknownMarkWarning \
    tests/hardware/test_camera.py tests/hardware/test_virtual_camera_device.py -v
