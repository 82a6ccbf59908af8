"""From an orbit to the times in which a satellite is in contact."""
