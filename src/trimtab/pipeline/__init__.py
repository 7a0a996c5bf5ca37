"""Pipeline: the graph of the project's own functions."""
