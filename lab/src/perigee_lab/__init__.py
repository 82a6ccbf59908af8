"""A real constellation on one Linux host."""
