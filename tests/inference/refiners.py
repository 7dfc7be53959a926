"""A refiner whose predictions and phonons are made up, so that nothing is computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pymatgen.core.structure import Structure

from paraisite.inference.predictions import Predictions
from paraisite.inference.refiner import Refiner
from paraisite.labels import phonon_labels
from paraisite.labels.phonon_progress import SECOND_ORDER
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.phonon_store import PhononStore
from tests.inference.test_refinement import PHONONS, make_refinement


@dataclass(frozen=True)
class FixedPredictor:
    """Says 10 W/m/K of every crystal; the 80 % interval reaches from half to twice that."""

    output: int = 0
    calibration_set: None = None

    @property
    def model(self) -> Any:
        return SimpleNamespace(targets=("kappa",))

    def predict(self, structures: Sequence[Structure | str]) -> Predictions:
        reasons = {row: found for row, found in enumerate(structures) if isinstance(found, str)}
        n_row = len(structures) - len(reasons)
        ends = np.array([1.4, 2.0, 2.5])[:, None] * np.ones(n_row)
        predictions = Predictions(
            target="kappa",
            unit="W/m/K",
            members=np.full((1, n_row), 10.0),
            value=np.full(n_row, 10.0),
            lower=10.0 / ends,
            upper=10.0 * ends,
            applicability=None,
            materials=None,
            reason=np.full(n_row, "", np.str_),
        )
        return predictions.with_gaps(reasons, len(structures))


def made_up_refiner(folder: Path, monkeypatch: pytest.MonkeyPatch, *, minutes: float = 3.0) -> Refiner:
    """Return a refiner of ``FixedPredictor``; what a crystal costs is said, and what it gives is ``PHONONS``."""
    cost = SimpleNamespace(
        cpu_minutes=minutes, n_force_call=4, n_harmonic_call=1, n_harmonic_atom=64, n_cubic_call=3, n_cubic_atom=27
    )

    def label(name: str, structure: Structure, *_: Any, on_step: Any, **__: Any) -> dict[str, Any]:
        on_step(SECOND_ORDER, n_done=1, n_total=1)
        return {"candidate_id": name, "structure_json": structure.to_json(), **PHONONS}

    monkeypatch.setattr(phonon_labels, "label_phonons", label)
    monkeypatch.setattr(Refiner, "estimate_cost", lambda _self, _structure: cost)
    store = PhononStore(folder, "emt", LABELS)
    return Refiner(FixedPredictor(), make_refinement(), store, lambda: "calculator")  # type: ignore[arg-type]
