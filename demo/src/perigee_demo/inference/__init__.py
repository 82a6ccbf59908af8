"""Asking for an inference, in this process or over HTTP."""
