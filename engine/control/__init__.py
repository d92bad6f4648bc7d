"""Playing by hand: keyboard, MIDI, OSC and gamepads, mapped to one list of targets."""
