"""A Sentinel-2 scene: its tiles, the clouds laid over it, its mask and its picture."""
