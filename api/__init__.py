"""The door over HTTP: parse, ask or hand over, show."""
