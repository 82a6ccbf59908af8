"""Decisions: pure functions over frozen dataclasses. Time and randomness are passed in."""
