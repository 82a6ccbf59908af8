"""Runs AI inference on satellite constellations."""
