"""Perigee on a lab's real satellites: what tests ask for, and what they see."""
