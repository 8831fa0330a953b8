"""Tests of the terminal, without I/O."""
