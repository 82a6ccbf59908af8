"""The part of Perigee on each satellite: heartbeats, artifact cache, inference server."""
