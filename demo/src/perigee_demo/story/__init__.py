"""The story of the demo: what is done to a constellation, and what it must do then."""
