"""Mutations of packs, made at random and found again by their seed."""
