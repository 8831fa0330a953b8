"""Tests of one connection's part in the chat."""
