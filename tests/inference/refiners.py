"""A refiner whose phonons are made up, so that nothing is computed."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paraisite.inference.refiner import Refiner
from paraisite.labels import phonon_labels
from paraisite.labels.phonon_progress import SECOND_ORDER
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.phonon_store import PhononStore
from tests.inference.known_predictors import tiny_predictor
from tests.inference.test_refinement import PHONONS, make_refinement


def made_up_refiner(folder: Path, monkeypatch: pytest.MonkeyPatch, *, minutes: float = 3.0) -> Refiner:
    """Return a refiner of the tiny predictor; what a crystal costs is said, and what it gives is ``PHONONS``."""
    cost = SimpleNamespace(
        cpu_minutes=minutes, n_force_call=4, n_harmonic_call=1, n_harmonic_atom=64, n_cubic_call=3, n_cubic_atom=27
    )

    def label(name: str, *_: Any, on_step: Any, **__: Any) -> dict[str, Any]:
        on_step(SECOND_ORDER, n_done=1, n_total=1)
        return {"candidate_id": name, **PHONONS}

    monkeypatch.setattr(phonon_labels, "label_phonons", label)
    monkeypatch.setattr(Refiner, "estimate_cost", lambda _self, _structure: cost)
    return Refiner(tiny_predictor(), make_refinement(), PhononStore(folder, "emt", LABELS), lambda: "calculator")
