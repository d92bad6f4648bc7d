"""Reverie beside streamdiffusion 0.1.1 and diffusers, on the same weights: `bench/compare.py`.

`--quick --json OUT` does a short round of the house model and an 18 M network at 256². For the
first contender: `pip install --no-deps --target DIR streamdiffusion==0.1.1`, then
`--streamdiffusion DIR`; it runs on the packages that are here, whatever versions it asks for.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # also when run as a file

from bench._compare import main

if __name__ == "__main__":
    main()
