"""What metrics say of candidates, measured beside the planner."""
