"""From phonons under a potential to a refined conductivity: corrected, combined with the prediction, with intervals.

Everything here was measured on crystals whose accurate conductivities are known, as ``paraisite check refined`` does.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure
from scipy.stats import norm

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import DataError
from paraisite.inference.rows import interval_keys
from paraisite.labels.functional_correction import FunctionalCorrection, correct_kappa
from paraisite.labels.mesh_convergence import KAPPA_COARSE, find_mesh_dependence
from paraisite.models.combined_estimate import CombinedIntervals, combine, estimate_slow
from paraisite.models.estimate import Estimate, compute_median_kappa
from paraisite.models.local_error import N_NEAR, LocalError
from paraisite.models.nearest_rows import NearestRows
from paraisite.schema import (
    COVERAGES,
    FORMULA,
    KAPPA_CORRECTED,
    KAPPA_POTENTIAL,
    REASON,
    REFINED_KAPPA,
    REFINED_REASON,
    name_interval_ends,
    refined_interval_columns,
)

if TYPE_CHECKING:
    from paraisite.inference.predictor import Predictor

FORMAT: Final = "paraisite-refinement-2"

_FAST_COVERAGE: Final = 0.8
"""Of the interval that tells how sure a prediction is: half the rows are too few for the tails, and wider intervals are
ruled by outliers."""

REFINED_COLUMNS: Final = (
    KAPPA_POTENTIAL,
    KAPPA_CORRECTED,
    REFINED_KAPPA,
    *(end for coverage in COVERAGES for end in refined_interval_columns(coverage)),
    REFINED_REASON,
)
"""What refining adds to a row."""


@dataclass(frozen=True)
class Refinement:
    """How phonons under a potential refine a prediction.

    Attributes:
        potential: Name of the potential.
        settings: Of the phonons, as JSON knows them.
        model: Name of the model whose predictions it was measured with.
        n_row_by_dataset: Crystals that it was measured on.
        correction: Of the functional's bias.
        errors_dex: Absolute errors of the corrected log10(kappa), without the crystal's formula, by the crystal's id in
            the model's calibration set.
        intervals: Of prediction and corrected conductivity together.
    """

    potential: str
    settings: dict[str, Any]
    model: str
    n_row_by_dataset: dict[str, int]
    correction: FunctionalCorrection
    errors_dex: Mapping[str, float]
    intervals: CombinedIntervals

    def refine(
        self, predictor: "Predictor", structure: Structure, row: Mapping[str, Any], phonons: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the refined columns of one crystal.

        Args:
            predictor: What predicted it. One that knows the crystals that the refinement was measured on tells how far
                the potential is off nearby; with others, and with those of several members, its mean error counts.
            structure: The crystal.
            row: Its prediction, as ``inference.rows`` builds it, with intervals.
            phonons: Its row of ``labels.phonon_labels``.
        """
        # Phonons that an earlier version kept were not asked for their mesh.
        reason = phonons[REASON] or find_mesh_dependence(phonons[KAPPA_POTENTIAL], phonons[KAPPA_COARSE])
        if reason:
            return without_refined_value(reason) | {KAPPA_POTENTIAL: phonons.get(KAPPA_POTENTIAL)}
        formula = structure.composition.reduced_formula
        corrected = correct_kappa(pd.DataFrame([{**phonons, FORMULA: formula}]), self.correction)
        slow = estimate_slow(np.log10(corrected), self._estimate_error(predictor, structure))
        combined = combine(read_estimate(row), slow)
        lower, upper = self.intervals.compute(combined)
        ends = name_interval_ends(lower[:, 0].tolist(), upper[:, 0].tolist(), refined_interval_columns)
        return {
            KAPPA_POTENTIAL: float(phonons[KAPPA_POTENTIAL]),
            KAPPA_CORRECTED: float(corrected[0]),
            REFINED_KAPPA: float(compute_median_kappa(combined)[0]),
            **ends,
            REFINED_REASON: None,
        }

    def _estimate_error(self, predictor: "Predictor", structure: Structure) -> Floats:
        """Return the mean error of the corrected log10(kappa) near a crystal, dex, [1]."""
        rows = predictor.calibration_set
        names = () if rows is None or len(rows.embedding) != 1 else rows.materials.material_id
        errors = {row: self.errors_dex[name] for row, name in enumerate(names) if name in self.errors_dex}
        if rows is None or len(errors) < N_NEAR:
            return np.array([np.mean(list(self.errors_dex.values()))])
        places = rows.embedding[0][list(errors)].astype(np.float64)
        local = LocalError(NearestRows(places), np.array(list(errors.values())))
        output, _ = predictor.model.predict_usable(CrystalArrays.from_structures([structure]))
        return local.average_at(output.embedding[0].astype(np.float64))

    def to_json(self) -> dict[str, Any]:
        """Return all that the refinement is."""
        return {
            "format": FORMAT,
            "potential": self.potential,
            "settings": self.settings,
            "model": self.model,
            "n_row_by_dataset": self.n_row_by_dataset,
            "correction": self.correction.to_json(),
            "errors_dex": {name: round(error, 4) for name, error in self.errors_dex.items()},
            "intervals": asdict(self.intervals),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Refinement":
        """Return the refinement that ``to_json`` wrote.

        Raises:
            DataError: It is of another format.
        """
        if content.get("format") != FORMAT:
            raise DataError(f"format {content.get('format')!r}, expected {FORMAT!r}")
        intervals, errors = content["intervals"], content["errors_dex"]
        if not errors:
            raise DataError("it names no crystal that it was measured on")
        return cls(
            str(content["potential"]),
            dict(content["settings"]),
            str(content["model"]),
            dict(content["n_row_by_dataset"]),
            FunctionalCorrection.from_json(content["correction"]),
            {str(name): float(error) for name, error in errors.items()},
            CombinedIntervals(tuple(intervals["half_widths"]), int(intervals["n_row"])),
        )


def read_estimate(row: Mapping[str, Any]) -> Estimate:
    """Return a prediction's estimate of log10(kappa), as its interval tells it; of one row.

    Raises:
        DataError: It has no interval.
    """
    lower, upper = (row[key] for key in interval_keys(_FAST_COVERAGE))
    if lower is None or upper is None:
        raise DataError("the model gives no intervals, so that nothing tells how much its prediction weighs")
    return estimate_from_interval(np.array([lower]), np.array([upper]))


def estimate_from_interval(lower: Any, upper: Any) -> Estimate:
    """Return the normal distributions of log10(kappa) whose 80 % intervals end at these kappas, W/m/K."""
    low, high = np.log10(lower), np.log10(upper)
    return Estimate((low + high) / 2.0, (high - low) / (2.0 * float(norm.ppf(0.5 + _FAST_COVERAGE / 2.0))))


def without_refined_value(reason: str) -> dict[str, Any]:
    """Return the refined columns of a row that keeps its prediction only."""
    return dict.fromkeys(REFINED_COLUMNS) | {REFINED_REASON: reason}
