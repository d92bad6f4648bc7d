"""What is done to a picture before the model and behind it; see `engine.effects.effects.Effects`.

Three of the modules are pure descriptions (geometry, colour, and the parameters themselves), the
others carry them out with OpenCV. Thread: the render thread; neutral parameters cost nothing.
"""

from __future__ import annotations

from engine.effects.effects import Effects

__all__ = ["Effects"]
