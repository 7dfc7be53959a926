"""Predictions, metrics and statistics."""
