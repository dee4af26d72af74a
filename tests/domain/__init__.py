"""Tests of the pure domain: given, when, then, with no database."""
