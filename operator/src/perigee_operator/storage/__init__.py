"""The only place that talks to Kubernetes: reads, caches, the writer."""
