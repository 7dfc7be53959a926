"""The project's own labels: structures by decoration of prototypes, values from a machine-learned potential."""

from typing import Final

TIERS: Final = ("elements", "slack", "slack_check", "bte", "bte_check", "phonons")
"""Campaigns of ``paraisite label``: reference energies, the two tiers, known compounds to measure each tier, and
phonons of a data set's own crystals, which describe them."""
