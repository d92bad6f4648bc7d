#!/bin/bash
# Inside the virtual machine: the device tests, a gamepad, or the whole application ("show").
set -euo pipefail

root=$1 python=$2 what=$3
export PATH=/usr/sbin:/sbin:$PATH HOME=/tmp
export PYTHONPATH=$root PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1  # the plugins for Qt take minutes to load in here
cd "$root"
if [ "$what" = gamepad ]; then
    modprobe -a evdev uinput
    exec "$python" -m pytest -c /dev/null --rootdir "$root" -p no:cacheprovider \
        -W ignore::pytest.PytestUnknownMarkWarning tests/hardware/test_gamepad_device.py -v
fi
if [ "$what" != devices ]; then
    exec "$python" tests/hardware/vm/show.py ${what#show}
fi
modprobe vivid node_types=0x1
modprobe v4l2loopback video_nr=20 card_label=Reverie exclusive_caps=1
"$python" -c "
from engine.sources.webcam import WebcamSource, list_webcams
print(list_webcams())
camera = WebcamSource()
print(camera.open())
camera.close()
"
"$python" -m pytest -c /dev/null --rootdir "$root" -p no:cacheprovider -W ignore::pytest.PytestUnknownMarkWarning \
    tests/hardware/test_camera.py tests/hardware/test_virtual_camera_device.py -v
