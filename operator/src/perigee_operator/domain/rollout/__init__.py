"""How a new revision is introduced, and what takes it back."""
