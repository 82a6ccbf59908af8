"""Where copies of a model may run."""
