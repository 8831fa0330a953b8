"""Tests of carriers and languages."""
