"""Rough weather: each module breaks something under load and counts the facts before and after."""
