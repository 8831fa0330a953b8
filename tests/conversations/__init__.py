"""Tables of who types what, and of what everybody then sees."""
