"""How long evidence holds: when it ends, what that does to a level, and what renews it."""
