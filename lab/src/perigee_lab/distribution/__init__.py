"""The Kubernetes distribution that a lab runs."""
