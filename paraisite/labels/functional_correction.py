"""From a potential's conductivities to those of the functional that accurate data are computed with.

Potentials are trained on PBE, whose crystals are too large and too soft; accurate conductivities are those of PBEsol.
The difference is fitted, on crystals whose conductivities are known, by a robust linear model of a few quantities that
the phonons give and of the elements, and is small: a factor that varies slowly with the crystal. Held-out values come
from cross-validation by formula; rows that were selected by their label neither fit nor test it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element
from sklearn.linear_model import HuberRegressor
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Bools, Floats, Ints
from paraisite.errors import DataError
from paraisite.schema import FORMULA, KAPPA_POTENTIAL

N_FOLD: Final = 10
MIN_ROWS: Final = 30
SEED: Final = 2026
PENALTIES: Final = (0.3, 3.0, 30.0, 300.0)
"""Of the coefficients; chosen on inner folds of the rows that fit, together with the descriptors."""

_LOGARITHMS: Final = (
    KAPPA_POTENTIAL,
    "max_frequency_thz",
    "geometric_frequency_thz",
    "gruneisen_rms",
    "longitudinal_sound_km_per_s",
    "phase_space_per_thz",
)
"""Columns whose logarithms are descriptors."""

GROUPS: Final = {
    "hydrogen": ("H",),
    "halogen": ("F", "Cl", "Br", "I"),
    "oxygen": ("O",),
    "chalcogen": ("S", "Se", "Te"),
    "pnictogen": ("N", "P", "As", "Sb", "Bi"),
    "alkali": ("Li", "Na", "K", "Rb", "Cs"),
    "alkaline earth": ("Be", "Mg", "Ca", "Sr", "Ba"),
    "coinage": ("Cu", "Ag", "Au"),
    "group 12": ("Zn", "Cd", "Hg"),
    "lone pair": ("Tl", "Pb", "Sn", "In"),
}
"""Kinds of elements whose shares of the atoms are descriptors."""

DESCRIPTORS: Final = (
    *(f"ln {name}" for name in _LOGARITHMS),
    "coherence share",
    "ln mean atomic number",
    "electronegativity range",
    *(f"share of {name}" for name in GROUPS),
)

FEW: Final = (f"ln {KAPPA_POTENTIAL}", "ln mean atomic number", "electronegativity range")
"""Those that say most: how far a functional makes a crystal too large goes with how heavy and how ionic it is. Of sixty
crystals all descriptors fit the noise: a mean |ln ratio| of 0.32 on held-out formulas, these 0.27."""

_COLUMNS: Final = tuple(np.flatnonzero(np.isin(DESCRIPTORS, names)) for names in (FEW, DESCRIPTORS))
"""Choices of descriptors."""


@dataclass(frozen=True)
class FunctionalCorrection:
    """A linear model of ln(known/potential).

    Attributes:
        mean: Of the descriptors, [n_descriptor].
        scale: Their standard deviations, [n_descriptor].
        coefficients: Of the standardised descriptors, [n_descriptor]; 0 for those that are left out.
        intercept: ln of the factor for a crystal with mean descriptors.
        penalty: Of the coefficients.
        n_row: Crystals that it was fitted on.
    """

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float
    penalty: float
    n_row: int

    def predict_log_factor(self, descriptors: Floats) -> Floats:
        """Return ln of the factor between known and potential's conductivity, [n_row].

        Descriptors are held within three standard deviations of the mean: beyond, nothing is known.

        Args:
            descriptors: As ``describe_rows`` returns them, [n_row, n_descriptor].
        """
        standardised = np.clip((descriptors - self.mean) / self.scale, -3.0, 3.0)
        return np.asarray(standardised @ self.coefficients + self.intercept)

    def to_json(self) -> dict[str, Any]:
        """Return all that the correction is."""
        return {
            "descriptors": list(DESCRIPTORS),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
            "penalty": self.penalty,
            "n_row": self.n_row,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "FunctionalCorrection":
        """Return the correction that ``to_json`` wrote.

        Raises:
            DataError: It is of other descriptors.
            ValueError: A number is missing, not finite, or a scale that is not positive.
        """
        if content.get("descriptors") != list(DESCRIPTORS):
            raise DataError("the correction is of other descriptors: fit it again (`python -m paraisite check kappa`)")
        mean, scale, coefficients = (
            np.asarray(content[name], np.float64) for name in ("mean", "scale", "coefficients")
        )
        intercept = float(content["intercept"])
        numbers = np.concatenate([mean, scale, coefficients, [intercept]])
        if len(numbers) != 3 * len(DESCRIPTORS) + 1 or not np.isfinite(numbers).all() or (scale <= 0).any():
            raise ValueError(f"expected {len(DESCRIPTORS)} finite numbers of each kind, and scales above 0")
        return cls(mean, scale, coefficients, intercept, float(content["penalty"]), int(content["n_row"]))


class CorrectedLabels(NamedTuple):
    """Labels after a correction, and what that comes from.

    Attributes:
        kappa_w_per_m_k: Conductivities, W/m/K, [n_label].
        fitting_formulas: Reduced formulas of the crystals of known conductivity that the correction was fitted on.
    """

    kappa_w_per_m_k: Floats
    fitting_formulas: tuple[str, ...]


def correct_kappa(rows: pd.DataFrame, correction: FunctionalCorrection) -> Floats:
    """Return the corrected conductivities of accepted rows, W/m/K, [n_row].

    Args:
        rows: With formula and the columns of ``labels.phonon_labels``.
        correction: Fitted on other formulas than these.
    """
    return rows[KAPPA_POTENTIAL].to_numpy(np.float64) * np.exp(correction.predict_log_factor(describe_rows(rows)))


def describe_rows(rows: pd.DataFrame) -> Floats:
    """Return the descriptors of accepted rows, [n_row, n_descriptor].

    Args:
        rows: With formula and the columns of ``labels.phonon_labels``.
    """
    logarithms = [np.log(rows[name].to_numpy(np.float64).clip(1e-6)) for name in _LOGARITHMS]
    share = (rows["coherence_w_per_m_k"] / rows[KAPPA_POTENTIAL]).to_numpy(np.float64)
    return np.column_stack([*logarithms, share, [_describe_composition(formula) for formula in rows[FORMULA]]])


def _describe_composition(formula: str) -> list[float]:
    amounts = Composition(formula).fractional_composition.get_el_amt_dict()
    elements = [Element(symbol) for symbol in amounts]
    number = sum(share * element.Z for element, share in zip(elements, amounts.values(), strict=True))
    attractions = [float(element.X) for element in elements if np.isfinite(element.X)] or [0.0]
    shares = [sum(amounts.get(symbol, 0.0) for symbol in symbols) for symbols in GROUPS.values()]
    return [float(np.log(number)), max(attractions) - min(attractions), *shares]


def fit_correction(descriptors: Floats, log_ratio: Floats, formulas: Sequence[str]) -> FunctionalCorrection:
    """Fit ln(known/potential); descriptors and penalty are chosen by cross-validation on the rows that are given.

    Args:
        descriptors: [n_row, n_descriptor].
        log_ratio: ln(known/potential), [n_row].
        formulas: Of each row, reduced: no formula is on both sides of an inner fold.

    Raises:
        DataError: There are fewer than ``MIN_ROWS`` rows.
    """
    if len(log_ratio) < MIN_ROWS:
        raise DataError(f"{len(log_ratio)} crystals with known conductivity, expected at least {MIN_ROWS}")
    choices = list(product(_COLUMNS, PENALTIES))
    errors = [
        np.abs(log_ratio - _predict_held_out(descriptors, log_ratio, formulas, columns, penalty)).mean()
        for columns, penalty in choices
    ]
    return _fit(descriptors, log_ratio, *choices[int(np.argmin(errors))])


def predict_held_out(descriptors: Floats, log_ratio: Floats, formulas: Sequence[str], may_fit: Bools) -> Floats:
    """Return each row's ln of the factor from corrections fitted on other formulas, penalties chosen there, [n_row].

    Args:
        descriptors: [n_row, n_descriptor].
        log_ratio: ln(known/potential), [n_row].
        formulas: Of each row, reduced.
        may_fit: Which rows may be fitted on, [n_row]; the others are predicted only.
    """
    predicted = np.empty(len(log_ratio))
    names = np.asarray(formulas)
    for train, test in _folds(names):
        fitted = train[may_fit[train]]
        correction = fit_correction(descriptors[fitted], log_ratio[fitted], list(names[fitted]))
        predicted[test] = correction.predict_log_factor(descriptors[test])
    return predicted


def _predict_held_out(
    descriptors: Floats, log_ratio: Floats, formulas: Sequence[str], columns: Ints, penalty: float
) -> Floats:
    predicted = np.empty(len(log_ratio))
    for train, test in _folds(np.asarray(formulas)):
        correction = _fit(descriptors[train], log_ratio[train], columns, penalty)
        predicted[test] = correction.predict_log_factor(descriptors[test])
    return predicted


def _folds(formulas: Any) -> Any:
    n_fold = min(N_FOLD, len(set(formulas.tolist())))
    return GroupKFold(n_fold, shuffle=True, random_state=SEED).split(formulas, groups=formulas)


def _fit(descriptors: Floats, log_ratio: Floats, columns: Ints, penalty: float) -> FunctionalCorrection:
    """Fit with Huber's loss: a few crystals, on which the potential fails, are off by factors of three and more."""
    scaler = StandardScaler().fit(descriptors)
    chosen = scaler.transform(descriptors)[:, columns]
    model = HuberRegressor(alpha=penalty, max_iter=1000).fit(chosen, log_ratio)
    coefficients = np.zeros(len(DESCRIPTORS))
    coefficients[columns] = model.coef_
    return FunctionalCorrection(
        np.asarray(scaler.mean_),
        np.asarray(scaler.scale_),
        coefficients,
        float(model.intercept_),
        penalty,
        len(log_ratio),
    )
