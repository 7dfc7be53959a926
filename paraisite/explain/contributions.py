"""The contribution of each part of a crystal to a prediction: log10(kappa) with it, less log10(kappa) with it hidden.

Source: occlusion, Zeiler & Fergus, ECCV 2014, 10.1007/978-3-319-10590-1_53, with atoms, shells of bonds or descriptors
in the place of an image's patches. Parts are hidden one at a time, so that what two of them do together is in neither
or in both: ``accounted_share`` is how far the contributions add up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from paraisite.arrays import Floats
from paraisite.errors import DataError

Kind = Literal["atom", "shell", "descriptor"]


@dataclass(frozen=True)
class InputPart:
    """Something that can be hidden from a model.

    Attributes:
        kind: What it is.
        label: Its name, e.g. "Na" or "Na–Cl 2.82 Å".
        detail: How much of it there is, e.g. "6 around each Na", or a descriptor's value.
    """

    kind: Kind
    label: str
    detail: str


@dataclass(frozen=True, eq=False)
class Contributions:
    """The contributions of the parts of one crystal to its prediction.

    Attributes:
        parts: What was hidden, one after another, [n_part].
        method: How it was hidden, a sentence.
        log10_kappa: Every member's prediction with nothing hidden, kappa in W/m/K, [n_member].
        dex: What each part adds to it, dex, [n_member, n_part].
        all_dex: What all parts together add to the prediction with all of them hidden, dex, [n_member].
    """

    parts: tuple[InputPart, ...]
    method: str
    log10_kappa: Floats
    dex: Floats
    all_dex: Floats

    @classmethod
    def from_predictions(cls, parts: Sequence[InputPart], log10_kappa: Floats, *, method: str) -> "Contributions":
        """Return the contributions from predictions with nothing, with each part in turn, and with all parts hidden.

        Args:
            parts: What was hidden, [n_part].
            log10_kappa: Every member's predictions in that order, [n_member, n_part + 2].
            method: How it was hidden.

        Raises:
            DataError: There is not one prediction for each, or one is not finite.
        """
        if log10_kappa.ndim != 2 or log10_kappa.shape[1] != len(parts) + 2:
            raise DataError(f"predictions of shape {log10_kappa.shape}, expected (n_member, {len(parts) + 2})")
        if not np.isfinite(log10_kappa).all():
            raise DataError("a prediction with a part hidden is not a finite number")
        whole, hidden, nothing = log10_kappa[:, 0], log10_kappa[:, 1:-1], log10_kappa[:, -1]
        return cls(tuple(parts), method, whole, whole[:, None] - hidden, whole - nothing)

    @cached_property
    def mean_dex(self) -> Floats:
        """Mean contribution over the members, dex, [n_part]."""
        mean: Floats = self.dex.mean(axis=0)
        return mean

    @cached_property
    def std_dex(self) -> Floats:
        """Sample standard deviation of the contributions over the members, dex, [n_part]; NaN for a single member."""
        if len(self.dex) == 1:
            return np.full(len(self.parts), np.nan)
        std: Floats = self.dex.std(axis=0, ddof=1)
        return std

    @property
    def factor(self) -> Floats:
        """What each part multiplies kappa by, [n_part]: 10 to the mean contribution."""
        factor: Floats = np.power(10.0, self.mean_dex)
        return factor

    @property
    def nothing_w_per_m_k(self) -> float:
        """What the members predict with everything hidden, W/m/K: their mean in the logarithm."""
        return float(10.0 ** (self.log10_kappa - self.all_dex).mean())

    @property
    def accounted_share(self) -> float:
        """The contributions' sum, as a share of what all parts do together; 1 where they act independently.

        It may be negative or above 1; NaN where all parts together do nothing.
        """
        whole = float(self.all_dex.mean())
        return float(self.mean_dex.sum()) / whole if whole else float("nan")

    @property
    def order(self) -> list[int]:
        """The parts' numbers, those that do most first."""
        return [int(part) for part in np.argsort(-np.abs(self.mean_dex), kind="stable")]
