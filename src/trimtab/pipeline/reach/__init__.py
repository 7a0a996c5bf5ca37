"""Reach: which code of the project a function depends on, found in its text without running it."""
