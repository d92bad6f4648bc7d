"""Where pictures come from: cameras, clips, stills, screens, generators."""
