"""Contributions of families of descriptors to the prediction of a process on descriptors of any crystal."""

from typing import Final

import numpy as np

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.explain.contributions import Contributions, InputPart
from paraisite.features.crystal_descriptors import (
    CRYSTAL_DESCRIPTORS,
    FAMILIES,
    FAMILY_OF_DESCRIPTOR,
    compute_crystal_descriptors,
)
from paraisite.inference.relevance_model import RelevanceModel

METHOD: Final = "A family of descriptors is hidden by giving all of them the training materials' medians."


def occlude_families(model: RelevanceModel, crystal: CrystalArrays) -> Contributions:
    """Return what each family of a crystal's descriptors does to the prediction.

    Args:
        model: The process.
        crystal: The crystal, alone.

    Raises:
        DataError: A prediction with a family hidden is not finite.
    """
    own = compute_crystal_descriptors(crystal)[0]
    typical = np.median(model.process.descriptors, axis=0)
    is_hidden = np.arange(len(FAMILIES))[:, None] == FAMILY_OF_DESCRIPTOR
    rows = np.vstack([own, np.where(is_hidden, typical, own), typical])
    parts = [_describe_family(number, own.tolist(), typical.tolist()) for number in range(len(FAMILIES))]
    return Contributions.from_predictions(parts, model.process.estimate(rows).mean[None], method=METHOD)


def _describe_family(number: int, own: list[float], typical: list[float]) -> InputPart:
    """Return a family as a part of the crystal, with the value and the median of its first descriptor."""
    columns = np.flatnonzero(number == FAMILY_OF_DESCRIPTOR)
    first = int(columns[0])
    descriptor = CRYSTAL_DESCRIPTORS[first]
    name = descriptor.name if len(columns) > 1 else ""
    values = f"{own[first]:.3g}; median {typical[first]:.3g} {descriptor.unit}".rstrip()
    return InputPart("descriptor", FAMILIES[number], f"{name} {values}".lstrip())
