"""What is said, to people and to programs, at both ends of the wire."""
