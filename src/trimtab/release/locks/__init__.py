"""Locks of other tools as one value: which version of what, with which hashes, is meant for an interpreter.

A lock is a value here, read from its bytes: whether it holds what is installed is asked of a run a thousand times, and
whether it can be built again is asked of bytes that came out of a record, when the project's folder is gone.
"""
