"""A model that answers for crystals: values with intervals, and how foreign they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.config import GraphConfig
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.applicability_domain import Domain
from paraisite.inference.calibration import Calibration, log10_of, median_value
from paraisite.inference.calibration_set import REFERENCE_FILE, Reference, elements_of
from paraisite.inference.model import Answers, Model
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictions import Predictions
from paraisite.inference.process_model import PROCESSES_FILE, ProcessModel
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.schema import COVERAGES

NOT_FINITE: Final = "the model's output is not a finite number"
"""The reason of a crystal that the members have no value for."""

FEW: Final = 32
"""Crystals up to which compiling the network takes longer than it saves."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model with what its answers are judged by.

    Attributes:
        model: Its members.
        reference: What taught the model; None for one that is known by itself only: its predictions have no intervals,
            and nobody knows how foreign a crystal is to it.
        output: Which of several outputs is asked for.
    """

    model: Model
    reference: Reference | None = None
    output: int = 0

    def __post_init__(self) -> None:
        """Check that the reference is the model's.

        Raises:
            CheckpointError: It is another one's.
        """
        if self.reference is not None:
            self.reference.check(self.model)

    @classmethod
    def load(cls, path: Path) -> "Predictor":
        """Read an ensemble file, or a folder with one or with processes; a reference beside it is taken along.

        Raises:
            CheckpointError: A file is absent or damaged, or the reference is another model's.
        """
        if (path / PROCESSES_FILE).exists():
            model: Model = ProcessModel.load(path)
            reference = path / REFERENCE_FILE
        else:
            file = path / ENSEMBLE_FILE if path.is_dir() else path
            model, reference = NetworkModel(Ensemble.load(file)), file.with_name(REFERENCE_FILE)
        return cls(model, Reference.load(reference) if reference.exists() else None)

    def save(self, folder: Path) -> None:
        """Write what ``load`` reads."""
        self.model.save(folder)
        if self.reference is not None:
            self.reference.save(folder / REFERENCE_FILE)

    def predict(self, structures: Sequence[Structure | str], *, compiled: bool | None = None) -> Predictions:
        """Predict for structures, in the order given; one that cannot be used becomes a row with a reason.

        Args:
            structures: Crystals; a text is the reason why there is none.
            compiled: As ``models.ensemble_prediction.answers`` takes it; by default for more than a few crystals.
        """
        reasons = {row: found for row, found in enumerate(structures) if isinstance(found, str)}
        rows = [row for row in range(len(structures)) if row not in reasons]
        crystals = CrystalArrays.from_structures([found for found in structures if not isinstance(found, str)])
        graphs, rejected = build_graphs_from_arrays(
            crystals,
            cutoff_angstrom=self.model.cutoff_angstrom,
            distance_tolerance_angstrom=GraphConfig().distance_tolerance_angstrom,
        )
        reasons |= {rows[place]: reason for place, reason in rejected.items()}
        usable = crystals.take(np.setdiff1d(np.arange(len(crystals)), list(rejected)))
        found = self.predict_graphs(graphs, usable, compiled=len(graphs) > FEW if compiled is None else compiled)
        return found.with_gaps(reasons, len(structures))

    def predict_graphs(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool = True) -> Predictions:
        """Predict for many crystals at once, without a step per row.

        Args:
            graphs: Crystals whose bonds reach to the model's cutoff.
            crystals: The same crystals, in the same order.
            compiled: As ``models.ensemble_prediction.answers`` takes it.
        """
        answers = self.model.answers(graphs, crystals, compiled=compiled)
        members = answers.output if len(self.model.targets) == 1 else answers.output[..., self.output]
        finite = np.isfinite(members).all(axis=0) & np.isfinite(answers.view).all(axis=(0, 2))
        if finite.all():
            return self._predictions(answers._replace(output=members), graphs)
        spread = answers.spread_dex
        known = Answers(members[:, finite], answers.view[:, finite], None if spread is None else spread[:, finite])
        reasons = dict.fromkeys(np.flatnonzero(~finite).tolist(), NOT_FINITE)
        return self._predictions(known, graphs.take(np.flatnonzero(finite))).with_gaps(reasons, len(graphs))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over model and reference."""
        return self.model.digest if self.reference is None else self.reference.digest

    @cached_property
    def calibration(self) -> Calibration | None:
        """How far the model is off on rows that it has not learnt from; None without a reference."""
        return None if self.reference is None else Calibration.of(self.reference)

    @cached_property
    def domain(self) -> Domain | None:
        """What the model knows; None without a reference."""
        return None if self.reference is None else Domain.of(self.reference)

    def _predictions(self, answers: Answers, graphs: GraphCollection) -> Predictions:
        """Return what there is to say of crystals whose answers are finite and of one output."""
        members, n_row = answers.output, answers.output.shape[1]
        lower, upper = np.full((2, len(COVERAGES), n_row), np.nan)
        if not self.model.predicts_conductivity:
            value = members.mean(axis=0)
        elif self.calibration is None:
            value = median_value(log10_of(members))
        else:
            estimate = self.calibration.estimate(log10_of(members), answers.spread_dex)
            value = self.calibration.value(estimate)
            lower, upper = self.calibration.intervals(estimate)
        return Predictions(
            target=self.model.targets[self.output],
            unit=self.model.units[self.output],
            members=members,
            value=value,
            lower=lower,
            upper=upper,
            familiarity=None if self.domain is None else self.domain.judge(answers.view, elements_of(graphs)),
            materials=None if self.reference is None else self.reference.materials,
            reason=np.full(n_row, "", np.str_),
        )
