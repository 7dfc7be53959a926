"""A model's predictions of some crystals, as arrays."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.inference.applicability_domain import Applicability
from paraisite.inference.calibration import floored_log10
from paraisite.inference.calibration_set import KnownMaterials


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions of some crystals.

    Attributes:
        target: What is predicted, e.g. "kappa".
        unit: Of all values, e.g. "W/m/K".
        members: Every member's prediction, float64 [n_member, n_row]; NaN where there is none.
        value: The prediction, [n_row]: for kappa the median of what the members say together, else their mean.
        lower: Lower ends of the intervals for ``schema.COVERAGES``, [n_coverage, n_row]; NaN where there is none.
        upper: Their upper ends, same shape.
        applicability: Whether the crystals are in the applicability domain; None for a model without a calibration set.
        materials: The rows that ``applicability.nearest`` counts, or None.
        reason: Why a row has no prediction, else "", [n_row].
    """

    target: str
    unit: str
    members: Floats
    value: Floats
    lower: Floats
    upper: Floats
    applicability: Applicability | None
    materials: KnownMaterials | None
    reason: npt.NDArray[np.str_]

    def __repr__(self) -> str:
        """Return a line: the arrays are for programs."""
        return f"Predictions({self.target} in {self.unit} of {len(self)} crystals, {len(self.members)} members)"

    def __len__(self) -> int:
        """Return the number of crystals."""
        return len(self.value)

    @property
    def mean(self) -> Floats:
        """Mean over the members, [n_row]: the paper's mTC."""
        return self.members.mean(axis=0)

    @property
    def variance(self) -> Floats:
        """Sample variance over the members, [n_row]: the paper's var(pTC); NaN for a single member."""
        if len(self.members) == 1:
            return np.full(len(self), np.nan)
        variance: Floats = self.members.var(axis=0, ddof=1)
        return variance

    @property
    def log10_std(self) -> Floats:
        """Sample standard deviation over the members of log10(kappa), dex, [n_row]; NaN for a single member."""
        if len(self.members) == 1:
            return np.full(len(self), np.nan)
        std: Floats = floored_log10(self.members).std(axis=0, ddof=1)
        return std

    def with_gaps(self, reasons: Mapping[int, str], n_row: int) -> "Predictions":
        """Return these predictions among rows that have none.

        Args:
            reasons: Why a row has none, by its number.
            n_row: Rows in all; those without a reason are these predictions, in their order.
        """
        if not reasons:  # as mostly: half a millisecond of copying for one crystal
            return self
        rows = np.setdiff1d(np.arange(n_row), np.fromiter(reasons, np.int64, len(reasons)))
        reason = np.full(n_row, "", object)
        reason[rows] = self.reason
        reason[list(reasons)] = list(reasons.values())
        applicability = self.applicability and Applicability(
            *(_among(values, rows, n_row=n_row, axis=0) for values in self.applicability)
        )
        of_each = (self.members, self.value, self.lower, self.upper)
        members, value, lower, upper = (_among(values, rows, n_row=n_row, axis=-1) for values in of_each)
        return dataclasses.replace(
            self,
            members=members,
            value=value,
            lower=lower,
            upper=upper,
            applicability=applicability,
            reason=reason.astype(np.str_),
        )


def _among(values: npt.NDArray[Any], rows: npt.NDArray[np.int64], *, n_row: int, axis: int) -> npt.NDArray[Any]:
    """Return an array with ``n_row`` rows along an axis; those that have no value are NaN, -1 or False."""
    shape = list(values.shape)
    shape[axis] = n_row
    nothing = {"f": np.nan, "i": -1, "b": False}[values.dtype.kind]
    found = np.full(shape, nothing, values.dtype)
    np.moveaxis(found, axis, 0)[rows] = np.moveaxis(values, axis, 0)
    return found
