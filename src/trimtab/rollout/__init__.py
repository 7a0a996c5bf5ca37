"""Rollout: progressive steps that may only rise on a PASS."""
