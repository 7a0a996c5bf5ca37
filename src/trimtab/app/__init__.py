"""Use cases, and the one place where drivers meet the core. Every door calls these."""
