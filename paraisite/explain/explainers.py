"""Explanations of predictions, whatever kind of model made them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.core.progress import ignore_progress
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import N_ELEMENT
from paraisite.errors import DataError
from paraisite.explain.contributions import Contributions
from paraisite.explain.networks import occlude_graph
from paraisite.explain.processes import occlude_processes
from paraisite.explain.relevance import follow_path
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.inference.crystals import Crystal
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.inference.process_model import ProcessModel
from paraisite.inference.relevance_model import RelevanceModel
from paraisite.inference.rows import NAME, UNIT, VALUE, Row, build_named_rows
from paraisite.schema import FORMULA, REASON

OnCrystal = Callable[[int, int], None]
"""Called with the number of explained crystals and of all."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A prediction with the contributions of the crystal's parts.

    Attributes:
        crystal: The crystal.
        row: Its prediction, as ``inference.rows`` describes it: value, intervals, members, domain, nearest materials.
        contributions: How much each part changes the prediction; None where there is no prediction.
        trained_w_per_m_k: Known values of the training set, W/m/K, [n_material].
    """

    crystal: Crystal
    row: Row
    contributions: Contributions | None
    trained_w_per_m_k: Floats


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains a predictor's predictions by the parts of the crystals.

    Attributes:
        predictor: It predicts a conductivity.

    Raises:
        DataError: The predictor predicts something else.
    """

    predictor: Predictor

    def __post_init__(self) -> None:
        """Check what is predicted."""
        if not self.predictor.model.predicts_conductivity:
            targets = ", ".join(self.predictor.model.targets)
            raise DataError(f"the model predicts {targets}, expected kappa: only conductivities are explained")

    def compute_contributions(self, structure: Structure) -> Contributions:
        """Return how much each part of a crystal changes every member's prediction.

        Raises:
            DataError: The crystal cannot be used, or a prediction with a part hidden is not finite.
        """
        model, calibration_set = self.predictor.model, self.predictor.calibration_set
        crystal = CrystalArrays.from_structures([structure])
        if isinstance(model, RelevanceModel):
            return follow_path(model, crystal)
        graph, rejected = build_graphs_from_arrays(crystal, **model.graph_settings._asdict())
        if rejected:
            raise DataError(f"{structure.composition.reduced_formula}: {rejected[0]}")
        # Without a calibration set the training elements are not known: every element that has an embedding counts.
        known = np.arange(N_ELEMENT) > 0 if calibration_set is None else calibration_set.elements.any(axis=0)
        trained = np.asarray(known)
        if isinstance(model, ProcessModel):
            return occlude_processes(model, graph, crystal, trained=trained)
        if isinstance(model, NetworkModel):
            return occlude_graph(model.ensemble, graph, trained=trained)
        raise DataError(f"there is no explanation for models of kind {type(model).__name__}")


def explain(
    explainer: Explainer, crystals: Sequence[Crystal], *, on_crystal: OnCrystal = ignore_progress
) -> list[Explanation]:
    """Return an explanation for each crystal; one without a prediction has the reason in its row.

    Args:
        explainer: Of the model.
        crystals: To explain.
        on_crystal: Called with the number of explained crystals and of all.
    """
    predictions = explainer.predictor.predict([crystal.found for crystal in crystals])
    materials = predictions.materials
    trained = np.zeros(0) if materials is None else materials.kappa_w_per_m_k
    explanations = []
    for crystal, row in zip(crystals, build_named_rows(crystals, predictions), strict=True):
        explanations.append(Explanation(crystal, row, _contributions(explainer, crystal, row), trained))
        on_crystal(len(explanations), len(crystals))
    return explanations


def build_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation for JSON: the prediction's row and, below "contributions", those of the parts."""
    found = explanation.contributions
    if found is None:
        return explanation.row | {"contributions": None}
    parts = [
        {
            "kind": part.kind,
            "part": part.label,
            "detail": part.detail,
            "mean_dex": float(found.mean_dex[number]),
            "std_dex": float(found.std_dex[number]) if len(found.dex) > 1 else None,
            "factor": float(found.factor[number]),
            "members_dex": found.dex[:, number].tolist(),
        }
        for number, part in enumerate(found.parts)
    ]
    return explanation.row | {
        "contributions": parts,
        "all_hidden_w_per_m_k": found.nothing_w_per_m_k,
        "accounted_share": found.accounted_share if np.isfinite(found.accounted_share) else None,
        "method": found.method,
    }


def list_parts(explanation: Explanation) -> list[dict[str, Any]]:
    """Return a row for each part of a crystal, for CSV; one with the reason where there is no prediction."""
    row, found = explanation.row, explanation.contributions
    named = {NAME: row[NAME], FORMULA: row[FORMULA], VALUE: row[VALUE], UNIT: row[UNIT], REASON: row[REASON]}
    if found is None:
        return [named | {"part": None, "detail": None, "mean_dex": None, "factor": None}]
    return [
        named
        | {
            "part": part.label,
            "detail": part.detail,
            "mean_dex": float(found.mean_dex[number]),
            "factor": float(found.factor[number]),
        }
        for number, part in enumerate(found.parts)
    ]


def _contributions(explainer: Explainer, crystal: Crystal, row: Row) -> Contributions | None:
    if isinstance(crystal.found, str) or row[REASON] is not None:
        return None
    return explainer.compute_contributions(crystal.found)
