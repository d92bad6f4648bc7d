"""main.py with the patience that an emulated processor needs: it paints a picture in seconds."""

from __future__ import annotations

import sys

import main
from engine import source_keeper
from engine.sources import webcam

SLOWNESS = 30

webcam.FIRST_PICTURE_S *= SLOWNESS
source_keeper.LIVE_SILENCE_S *= SLOWNESS
source_keeper.OPENING_S *= SLOWNESS

if __name__ == "__main__":
    sys.exit(main.main())
