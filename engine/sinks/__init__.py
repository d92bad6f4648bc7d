"""Where pictures go: recordings, virtual cameras, nowhere."""
