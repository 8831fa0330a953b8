"""Tests with real programs, processes and ports."""
