"""A constellation that a test plays on a real API server, with no kubelet anywhere."""
