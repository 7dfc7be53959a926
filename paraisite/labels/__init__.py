"""The project's own labels: structures by decoration of prototypes, values from a machine-learned potential."""

from typing import Final

TIERS: Final = ("elements", "slack", "slack_check", "kappa", "kappa_known", "phonons", "settings")
"""Campaigns of ``paraisite label``: reference energies, moduli with Slack's conductivity and known compounds to
measure it, conductivities by phonons, the same of a data set's crystals at the potential's cells and at their own, and
settings that reproduce published conductivities."""

OF_DATASET: Final = ("kappa_known", "phonons")
"""Tiers of a data set's crystals: a folder for each data set."""
