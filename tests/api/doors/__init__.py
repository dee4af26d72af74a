"""The doors: two books of rivals, every route, every role, and not a byte of the other's."""
