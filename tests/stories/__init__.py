"""Whole tales, told on real input."""
