"""Measurements beside the peers; see README.md. Not part of the installed package."""
