"""Tells others by HTTP of all that is announced by Events."""
