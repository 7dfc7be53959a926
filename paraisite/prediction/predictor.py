"""An ensemble that answers for crystals: values with intervals, and how foreign they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.config import GraphConfig
from paraisite.evaluation.crossfit import Floats
from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.prediction.calibration import Calibration, log10_of
from paraisite.prediction.domain import Domain
from paraisite.prediction.predictions import Predictions
from paraisite.prediction.reference import REFERENCE_FILE, Reference, digest_of, elements_of
from paraisite.schema import COVERAGES

NOT_FINITE: Final = "the model's output is not a finite number"
"""The reason of a crystal that the members have no value for."""

FEW: Final = 32
"""Crystals up to which compiling the network takes longer than it saves."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """An ensemble with what its answers are judged by.

    Attributes:
        ensemble: Members at their last epoch, if there is a reference: only then do its errors say what new ones will
            be.
        reference: What taught the ensemble; None for one that is known by its weights only: its predictions have no
            intervals, and nobody knows how foreign a crystal is to it.
        output: Which of several outputs is asked for.
    """

    ensemble: Ensemble
    reference: Reference | None = None
    output: int = 0

    def __post_init__(self) -> None:
        """Check that the reference is the ensemble's.

        Raises:
            CheckpointError: It is another one's.
        """
        if self.reference is not None:
            self.reference.check(self.ensemble)

    @classmethod
    def load(cls, path: Path) -> "Predictor":
        """Read an ensemble file, or a folder with one; a reference beside it is taken along.

        Raises:
            CheckpointError: A file is absent or damaged, or the reference is another ensemble's.
        """
        file = path / ENSEMBLE_FILE if path.is_dir() else path
        reference = file.with_name(REFERENCE_FILE)
        return cls(Ensemble.load(file), Reference.load(reference) if reference.exists() else None)

    def save(self, folder: Path) -> None:
        """Write what ``load`` reads; parameters in half precision where that loses nothing."""
        fits = all(np.array_equal(value.astype(np.float16), value) for value in self.ensemble.parameters.values())
        self.ensemble.save(folder / ENSEMBLE_FILE, half_precision=fits)
        if self.reference is not None:
            self.reference.save(folder / REFERENCE_FILE)

    def predict(self, structures: Sequence[Structure | str], *, compiled: bool | None = None) -> Predictions:
        """Predict for structures, in the order given; one that cannot be used becomes a row with a reason.

        Args:
            structures: Crystals; a text is the reason why there is none.
            compiled: As ``evaluation.predict.answers`` takes it; by default for more than a few crystals.
        """
        reasons = {row: found for row, found in enumerate(structures) if isinstance(found, str)}
        rows = [row for row in range(len(structures)) if row not in reasons]
        graphs, rejected = build_graphs(
            [found for found in structures if not isinstance(found, str)],
            [str(row) for row in rows],
            cutoff_angstrom=self.ensemble.config.cutoff_angstrom,
            distance_tolerance_angstrom=GraphConfig().distance_tolerance_angstrom,
        )
        reasons |= {rows[item.row]: item.reason for item in rejected}
        found = self.predict_graphs(graphs, compiled=len(graphs) > FEW if compiled is None else compiled)
        return found.with_gaps(reasons, len(structures))

    def predict_graphs(self, graphs: GraphCollection, *, compiled: bool = True) -> Predictions:
        """Predict for many crystals at once, without a step per row.

        Args:
            graphs: Crystals whose bonds reach to the ensemble's cutoff.
            compiled: As ``evaluation.predict.answers`` takes it.
        """
        # Here, because TensorFlow takes seconds to import and a process that hands out work does without.
        from paraisite.evaluation.predict import answers

        found = answers(self.ensemble, graphs, compiled=compiled)
        members = found.output if self.ensemble.config.n_output == 1 else found.output[..., self.output]
        finite = np.isfinite(members).all(axis=0) & np.isfinite(found.hidden).all(axis=(0, 2))
        usable = graphs if finite.all() else graphs.take(np.flatnonzero(finite))
        predictions = self._predictions(members[:, finite], found.hidden[:, finite], usable)
        if finite.all():
            return predictions
        reasons = dict.fromkeys(np.flatnonzero(~finite).tolist(), NOT_FINITE)
        return predictions.with_gaps(reasons, len(graphs))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over members and reference."""
        return digest_of(self.ensemble) if self.reference is None else self.reference.digest

    @cached_property
    def calibration(self) -> Calibration | None:
        """How far the ensemble is off on rows that it has not learnt from; None without a reference."""
        return None if self.reference is None else Calibration.of(self.reference)

    @cached_property
    def domain(self) -> Domain | None:
        """What the ensemble knows; None without a reference."""
        return None if self.reference is None else Domain.of(self.reference)

    def _predictions(self, members: Floats, hidden: Floats, graphs: GraphCollection) -> Predictions:
        """Return what there is to say of crystals whose answers are finite."""
        is_kappa, n_row = self.ensemble.scaler is not None, members.shape[1]
        centre = np.median(log10_of(members), axis=0) if is_kappa else members.mean(axis=0)
        no_ends = np.full((len(COVERAGES), n_row), np.nan)
        lower, upper = (no_ends, no_ends) if self.calibration is None else self.calibration.intervals(centre)
        return Predictions(
            target=self.ensemble.targets[self.output],
            unit=self.ensemble.units[self.output],
            members=members,
            value=np.power(10.0, centre) if is_kappa else centre,
            lower=lower,
            upper=upper,
            familiarity=None if self.domain is None else self.domain.judge(hidden, elements_of(graphs)),
            materials=None if self.reference is None else self.reference.materials,
            reason=np.full(n_row, "", np.str_),
        )
