"""What speaks for a candidate and what against it: counts, comparisons, metrics and verdicts."""
