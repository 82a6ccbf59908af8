"""From the models to what is applied: CRDs, the chart's templates, the reference for people."""
