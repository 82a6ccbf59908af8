"""The files that satellites fetch: a network in several states of health, and its golden set."""
