"""Liveness and failover, tried over weeks of virtual time against an invented truth."""
