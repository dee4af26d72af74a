"""How it is written down: stored bytes, books, the append-only store, and the way into it."""
