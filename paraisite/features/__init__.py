"""Descriptors of structures and compositions: numbers that need no network."""
