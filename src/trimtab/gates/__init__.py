"""Gates: what a candidate must pass, and by what margin."""
