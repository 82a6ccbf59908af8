"""Each act does one thing to the constellation and waits for what was promised of it."""
