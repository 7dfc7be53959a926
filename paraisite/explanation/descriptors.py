"""What each descriptor does to the prediction of a model that sees a row of numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from paraisite.errors import DataError
from paraisite.evaluation.crossfit import Floats
from paraisite.explanation.contributions import Contributions, Part

METHOD: Final = "A descriptor is hidden by giving it the training materials' median."

PredictMembers = Callable[[Floats], Floats]
"""Descriptors [n_row, n_descriptor] to every member's log10(kappa) [n_member, n_row], kappa in W/m/K."""


@dataclass(frozen=True)
class Descriptor:
    """A number that a model sees.

    Attributes:
        name: For people.
        unit: Empty for a number without one.
    """

    name: str
    unit: str = ""


def occlude_descriptors(
    predict: PredictMembers, values: Floats, *, background: Floats, descriptors: Sequence[Descriptor]
) -> Contributions:
    """Return what each descriptor of a crystal does to its prediction; the model is called once.

    Args:
        predict: The model, e.g. one member ``lambda rows: model.predict(rows)[None]``.
        values: The crystal's descriptors, [n_descriptor].
        background: Those of the training materials, [n_material, n_descriptor]; NaN where one is not known.
        descriptors: Their names and units, [n_descriptor].

    Raises:
        DataError: Names, values and background are not of equally many descriptors, or a prediction is not finite.
    """
    if values.shape != (len(descriptors),) or background.shape[1:] != values.shape:
        raise DataError(f"{values.shape} values and {background.shape} background for {len(descriptors)} descriptors")
    typical = np.nanmedian(background, axis=0)
    hidden = np.where(np.eye(len(values), dtype=np.bool_), typical, values)
    parts = [
        Part("descriptor", of_one.name, f"{_quantity(value, of_one.unit)}; median {_quantity(median, of_one.unit)}")
        for of_one, value, median in zip(descriptors, values.tolist(), typical.tolist(), strict=True)
    ]
    return Contributions.from_answers(parts, predict(np.vstack([values, hidden, typical])), method=METHOD)


def _quantity(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".rstrip()
