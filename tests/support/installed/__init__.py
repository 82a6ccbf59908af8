"""The chart as installed on a real API server: who calls it, and on what."""
