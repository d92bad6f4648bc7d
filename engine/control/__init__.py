"""Playing by hand: keyboard, MIDI and OSC, mapped to one list of targets."""
