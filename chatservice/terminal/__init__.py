"""A terminal without I/O: keys, a line being edited, a screen. It knows no client."""
