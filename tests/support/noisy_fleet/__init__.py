"""Satellites whose latencies behave badly, and what an analysis makes of them."""
