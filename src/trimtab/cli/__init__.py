"""The terminal's door to the use cases."""
