"""Recipes as data and the engine that trains all members at once."""
