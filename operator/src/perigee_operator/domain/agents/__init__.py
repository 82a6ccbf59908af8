"""The agents on the satellites, and how they come to a new image."""
