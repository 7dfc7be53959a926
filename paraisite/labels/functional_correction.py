"""From a potential's conductivities to those of the functional that accurate data are computed with.

Potentials are trained on PBE, whose crystals are too large and too soft; accurate conductivities are those of PBEsol.
The difference is fitted, on crystals whose conductivities are known, by a robust linear model of a few quantities that
the phonons give, of the elements and of the structure type, and is small: a factor that varies slowly with the crystal.
A structure type shifts it by what its crystals have in common, the less the fewer they are. Held-out values come from
cross-validation by formula; rows that were selected by their label neither fit nor test it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element
from sklearn.linear_model import HuberRegressor
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Bools, Floats, Ints
from paraisite.errors import DataError
from paraisite.schema import FORMULA, KAPPA_POTENTIAL, STRUCTURE_TYPE_LABEL

N_FOLD: Final = 10
MIN_ROWS: Final = 30
SEED: Final = 2026
PENALTIES: Final = (3.0, 30.0)
"""Of the coefficients; chosen on inner folds of the rows that fit, together with the descriptors."""
TYPE_PENALTIES: Final = (np.inf, 10.0)
"""Of the shifts of structure types, chosen likewise; the first allows none."""

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


@dataclass(frozen=True, eq=False)
class CorrectionInputs:
    """What the factor depends on.

    Attributes:
        descriptors: In the order of ``DESCRIPTORS``, [n_row, n_descriptor].
        structure_types: Labels of ``data.structure_labels``, [n_row].
    """

    descriptors: Floats
    structure_types: Any

    def take(self, rows: Any) -> "CorrectionInputs":
        """Return those of some rows.

        Args:
            rows: Their places, or whether each is among them.
        """
        return CorrectionInputs(self.descriptors[rows], self.structure_types[rows])


@dataclass(frozen=True)
class FunctionalCorrection:
    """A linear model of ln(known/potential).

    Attributes:
        mean: Of the descriptors, [n_descriptor].
        scale: Their standard deviations, [n_descriptor].
        coefficients: Of the standardised descriptors, [n_descriptor]; 0 for those that are left out.
        intercept: ln of the factor for a crystal with mean descriptors, of a structure type that is not known.
        penalty: Of the coefficients.
        n_row: Crystals that it was fitted on.
        type_shifts: What is added for crystals of a structure type, by its label.
    """

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float
    penalty: float
    n_row: int
    type_shifts: Mapping[str, float] = field(default_factory=dict)

    def predict_log_factor(self, inputs: CorrectionInputs) -> Floats:
        """Return ln of the factor between known and potential's conductivity, [n_row].

        Descriptors are held within three standard deviations of the mean: beyond, nothing is known.

        Args:
            inputs: As ``describe_rows`` returns them.
        """
        standardised = np.clip((inputs.descriptors - self.mean) / self.scale, -3.0, 3.0)
        shifts = np.array([self.type_shifts.get(name, 0.0) for name in inputs.structure_types])
        return np.asarray(standardised @ self.coefficients + self.intercept + shifts)

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
            "type_shifts": dict(self.type_shifts),
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
        shifts = {str(name): float(shift) for name, shift in content["type_shifts"].items()}
        numbers = np.concatenate([mean, scale, coefficients, [intercept], list(shifts.values())])
        n_number = 3 * len(DESCRIPTORS) + 1 + len(shifts)
        if len(numbers) != n_number or not np.isfinite(numbers).all() or (scale <= 0).any():
            raise ValueError(f"expected {len(DESCRIPTORS)} finite numbers of each kind, and scales above 0")
        return cls(mean, scale, coefficients, intercept, float(content["penalty"]), int(content["n_row"]), shifts)


def correct_kappa(rows: pd.DataFrame, correction: FunctionalCorrection) -> Floats:
    """Return the corrected conductivities of accepted rows, W/m/K, [n_row].

    Args:
        rows: As for ``describe_rows``.
        correction: Fitted on other formulas than these.
    """
    return rows[KAPPA_POTENTIAL].to_numpy(np.float64) * np.exp(correction.predict_log_factor(describe_rows(rows)))


def describe_rows(rows: pd.DataFrame) -> CorrectionInputs:
    """Return what the factor of each accepted row depends on.

    Args:
        rows: With formula, structure type's label and the columns of ``labels.phonon_labels``.
    """
    logarithms = [np.log(rows[name].to_numpy(np.float64).clip(1e-6)) for name in _LOGARITHMS]
    share = (rows["coherence_w_per_m_k"] / rows[KAPPA_POTENTIAL]).to_numpy(np.float64)
    compositions = [_describe_composition(formula) for formula in rows[FORMULA]]
    return CorrectionInputs(
        np.column_stack([*logarithms, share, compositions]), rows[STRUCTURE_TYPE_LABEL].to_numpy(np.object_)
    )


def _describe_composition(formula: str) -> list[float]:
    amounts = Composition(formula).fractional_composition.get_el_amt_dict()
    elements = [Element(symbol) for symbol in amounts]
    number = sum(share * element.Z for element, share in zip(elements, amounts.values(), strict=True))
    attractions = [float(element.X) for element in elements if np.isfinite(element.X)] or [0.0]
    shares = [sum(amounts.get(symbol, 0.0) for symbol in symbols) for symbols in GROUPS.values()]
    return [float(np.log(number)), max(attractions) - min(attractions), *shares]


def fit_correction(inputs: CorrectionInputs, log_ratio: Floats, formulas: Sequence[str]) -> FunctionalCorrection:
    """Fit ln(known/potential); descriptors and penalties are chosen by cross-validation on the rows that are given.

    Args:
        inputs: As ``describe_rows`` returns them.
        log_ratio: ln(known/potential), [n_row].
        formulas: Of each row, reduced: no formula is on both sides of an inner fold.

    Raises:
        DataError: There are fewer than ``MIN_ROWS`` rows.
    """
    if len(log_ratio) < MIN_ROWS:
        raise DataError(f"{len(log_ratio)} crystals with known conductivity, expected at least {MIN_ROWS}")
    choices = [_Choice(*each) for each in product(_COLUMNS, PENALTIES, TYPE_PENALTIES)]
    errors = [np.abs(log_ratio - _predict_held_out(inputs, log_ratio, formulas, choice)).mean() for choice in choices]
    return _fit(inputs, log_ratio, choices[int(np.argmin(errors))])


def predict_held_out(inputs: CorrectionInputs, log_ratio: Floats, formulas: Sequence[str], may_fit: Bools) -> Floats:
    """Return each row's ln of the factor from corrections fitted on other formulas, penalties chosen there, [n_row].

    Args:
        inputs: As ``describe_rows`` returns them.
        log_ratio: ln(known/potential), [n_row].
        formulas: Of each row, reduced.
        may_fit: Which rows may be fitted on, [n_row]; the others are predicted only.
    """
    predicted = np.empty(len(log_ratio))
    names = np.asarray(formulas)
    for train, test in _folds(names):
        fitted = train[may_fit[train]]
        correction = fit_correction(inputs.take(fitted), log_ratio[fitted], list(names[fitted]))
        predicted[test] = correction.predict_log_factor(inputs.take(test))
    return predicted


@dataclass(frozen=True, eq=False)
class _Choice:
    columns: Ints
    penalty: float
    type_penalty: float


def _predict_held_out(inputs: CorrectionInputs, log_ratio: Floats, formulas: Sequence[str], choice: _Choice) -> Floats:
    predicted = np.empty(len(log_ratio))
    for train, test in _folds(np.asarray(formulas)):
        correction = _fit(inputs.take(train), log_ratio[train], choice)
        predicted[test] = correction.predict_log_factor(inputs.take(test))
    return predicted


def _folds(formulas: Any) -> Any:
    n_fold = min(N_FOLD, len(set(formulas.tolist())))
    return GroupKFold(n_fold, shuffle=True, random_state=SEED).split(formulas, groups=formulas)


def _fit(inputs: CorrectionInputs, log_ratio: Floats, choice: _Choice) -> FunctionalCorrection:
    """Fit with Huber's loss: a few crystals, on which the potential fails, are off by factors of three and more.

    Structure types of several crystals are columns of their own, of zeros and one other number: the larger it is, the
    smaller are their coefficients, and the less the common penalty of all coefficients holds them back.
    """
    scaler = StandardScaler().fit(inputs.descriptors)
    chosen = scaler.transform(inputs.descriptors)[:, choice.columns]
    names, counts = np.unique(inputs.structure_types.astype(np.str_), return_counts=True)
    types = names[counts > 1].tolist() if np.isfinite(choice.type_penalty) else []
    size = float(np.sqrt(choice.penalty / choice.type_penalty))
    is_of_type = size * (inputs.structure_types[:, None] == np.array(types, np.object_))
    model = HuberRegressor(alpha=choice.penalty, max_iter=1000).fit(np.hstack([chosen, is_of_type]), log_ratio)
    n_chosen = len(choice.columns)
    coefficients = np.zeros(len(DESCRIPTORS))
    coefficients[choice.columns] = model.coef_[:n_chosen]
    return FunctionalCorrection(
        np.asarray(scaler.mean_),
        np.asarray(scaler.scale_),
        coefficients,
        float(model.intercept_),
        choice.penalty,
        len(log_ratio),
        dict(zip(types, (size * model.coef_[n_chosen:]).tolist(), strict=True)),
    )
