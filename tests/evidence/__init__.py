"""The evidence is held to the public vectors of its formats, and to broken input."""
