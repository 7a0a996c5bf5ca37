"""``trimtab.toml`` as one frozen, validated value; every error with its place."""
