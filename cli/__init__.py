"""The terminal: parse, ask or hand over, show."""
