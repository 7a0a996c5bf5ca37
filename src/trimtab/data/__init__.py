"""Data: the contract says what it must be, the profile what it is, drift how far apart two profiles are."""
