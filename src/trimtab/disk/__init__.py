"""Atomic writes, file locks, framed logs: the only impurity that drivers and serve share."""
