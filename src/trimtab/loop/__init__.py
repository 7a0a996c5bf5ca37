"""Loop: world, decide, action, explain. Pure; read by two interpreters, one acts and one explains."""
