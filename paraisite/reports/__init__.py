"""Figures and tables from saved results; no training, no network."""
