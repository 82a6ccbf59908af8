"""Builds Perigee's images, with Python's standard library alone: it runs before any set-up."""
