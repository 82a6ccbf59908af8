"""When each satellite is in contact: kept up to date for the snapshots."""
