"""Commands for people, beside those that run the operator: they need no cluster."""
