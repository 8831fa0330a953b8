"""Carriers, the languages that are spoken over them, and the ports."""
