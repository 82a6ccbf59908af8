"""What goes downhill on board, told from days of telemetry before it fails."""
