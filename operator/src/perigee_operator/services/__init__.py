"""Take a snapshot, ask the domain for a plan, have it applied."""
