"""The doors beside the text door, and the look that tells them apart."""
