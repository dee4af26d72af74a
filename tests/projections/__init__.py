"""What it means at a moment, held to the plain reading."""
