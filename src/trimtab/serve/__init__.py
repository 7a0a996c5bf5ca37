"""Serve: the data plane. A router in front of one worker process per release; it carries no control plane."""
