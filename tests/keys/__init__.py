"""Keys and the access log."""
