"""Tests of chatservice.cluster."""
