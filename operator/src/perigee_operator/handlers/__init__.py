"""Kopf only: parse the event, hand over. No decision is made here."""
