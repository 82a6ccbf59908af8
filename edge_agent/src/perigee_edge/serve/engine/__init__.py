"""What computes: one small interface, an engine a file, and a registry of them by name."""
