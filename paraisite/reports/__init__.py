"""Figures, tables and the HTML report, from saved results; no training, no network."""
