"""Every speed claim, as a command that prints JSON: `python -m bench.NAME`."""
