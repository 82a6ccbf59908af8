"""From Kubernetes' JSON to the domain's plain values; what cannot be read is said, not raised."""
