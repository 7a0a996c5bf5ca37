"""Monitor: what a window of production says of its signals."""
