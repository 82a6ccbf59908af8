"""Satellites' links, driven by a contact plan."""
