"""A model with its calibration set: values with intervals, and whether crystals are in the applicability domain."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast, overload

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.arrays import Bools
from paraisite.core.folders import folder_written_whole, restore_folder
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.applicability_domain import ApplicabilityDomain
from paraisite.inference.calibration import Calibration, compute_member_median, floored_log10
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE, CalibrationSet, mark_elements
from paraisite.inference.model import PROCESSES_FILE, Model, ModelOutput
from paraisite.inference.named_prediction import (
    Prediction,
    PredictionList,
    find_row_index,
    is_one_crystal,
    list_structures,
    name_predictions,
    to_structure_or_reason,
)
from paraisite.inference.predictions import Predictions
from paraisite.inference.relevance_model import RELEVANCE_FILE, RelevanceModel
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE
from paraisite.models.estimate import compute_median_kappa
from paraisite.schema import COVERAGES

if TYPE_CHECKING:
    from ase import Atoms

NOT_FINITE: Final = "the model's output is not a finite number"
"""The reason of a crystal that a member predicts no number for."""

CALIBRATION: Final = "calibration"
"""Key of the calibration of a predictor's intervals in its card."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model with its calibration set.

    Attributes:
        model: Its members.
        calibration_set: Its materials with known values; without one there are no intervals and no applicability
            domain.
        output: Which of several outputs is asked for.
    """

    model: Model
    calibration_set: CalibrationSet | None = None
    output: int = 0

    def __post_init__(self) -> None:
        """Check that the calibration set is the model's.

        Raises:
            CheckpointError: It is another one's.
        """
        if self.calibration_set is not None:
            self.calibration_set.check(self.model)

    def __repr__(self) -> str:
        """Return a line: thousands of training rows are behind it."""
        return f"Predictor({type(self.model).__name__}, {self.model.n_member} members, digest {self.digest[:12]}…)"

    @classmethod
    def load(cls, path: Path) -> "Predictor":
        """Read an ensemble file, or a folder with one or with processes; a calibration set beside it is taken along.

        Processes always have one, and so has an ensemble whose card says so.

        Raises:
            CheckpointError: A file is absent or damaged, or the calibration set is another model's.
        """
        restore_folder(path)
        expected = True
        # Each kind of model is imported where it is read: scikit-learn takes longer than a prediction.
        if (path / RELEVANCE_FILE).exists():
            model: Model = RelevanceModel.load(path)
            beside = path / CALIBRATION_SET_FILE
        elif (path / PROCESSES_FILE).exists():
            from paraisite.inference.process_model import ProcessModel

            model = ProcessModel.load(path)
            beside = path / CALIBRATION_SET_FILE
        else:
            from paraisite.inference.network_model import NetworkModel
            from paraisite.models.ensemble import Ensemble

            file = path / ENSEMBLE_FILE if path.is_dir() else path
            if path.is_dir() and not file.exists():
                known = ", ".join((RELEVANCE_FILE, PROCESSES_FILE, ENSEMBLE_FILE))
                raise CheckpointError(f"{path} holds no model (none of {known}): remove it, or name another folder")
            model, beside = NetworkModel(Ensemble.load(file)), file.with_name(CALIBRATION_SET_FILE)
            expected = _card_names_calibration_set(beside.with_name(CARD_FILE))
        if expected and not beside.exists():
            raise CheckpointError(f"{beside.parent} is incomplete: {beside.name} belongs to it and is absent")
        return cls(model, CalibrationSet.load(beside) if beside.exists() else None)

    def save(self, folder: Path) -> None:
        """Write what ``load`` reads.

        A new folder appears whole. In one that is there other files stay, and the model's own is written last: until
        then there is no predictor in it.
        """
        if not folder.exists():
            with folder_written_whole(folder) as new:
                self.write(new)
            return
        for name in (RELEVANCE_FILE, PROCESSES_FILE, ENSEMBLE_FILE, CALIBRATION_SET_FILE):
            (folder / name).unlink(missing_ok=True)
        self.write(folder)

    def write(self, folder: Path) -> None:
        """Write the files into a folder that holds no predictor, the model's own last."""
        if self.calibration_set is not None:
            self.calibration_set.save(folder / CALIBRATION_SET_FILE)
        self.model.save(folder)

    @overload
    def __call__(self, crystals: "Structure | Atoms") -> Prediction: ...

    @overload
    def __call__(self, crystals: "Iterable[Structure | Atoms]") -> PredictionList: ...

    def __call__(self, crystals: object) -> Prediction | PredictionList:
        """Return the prediction for one crystal, or one for each of several, by name.

        Args:
            crystals: pymatgen's structure or ASE's atoms, or a list or generator of these. One that cannot be used has
                a reason in the place of a value.
        """
        is_one = is_one_crystal(crystals)
        structures = list_structures(cast("Iterable[object]", [crystals] if is_one else crystals))
        named = name_predictions(structures, self.predict(structures), row_index=find_row_index(crystals))
        return named[0] if is_one else named

    def predict(
        self, structures: "Structure | Atoms | Iterable[Structure | Atoms | str]", *, compiled: bool | None = None
    ) -> Predictions:
        """Predict for structures, in the order given; one that cannot be used becomes a row with a reason.

        Args:
            structures: Crystals, as ``__call__`` takes them; among several a text is the reason why there is none.
            compiled: As ``models.ensemble_prediction.embed`` takes it; by default for more than a few crystals.
        """
        found = (
            [to_structure_or_reason(structures)]
            if is_one_crystal(structures)
            else [
                each if isinstance(each, str) else to_structure_or_reason(each)
                for each in cast("Iterable[object]", structures)
            ]
        )
        reasons = {row: each for row, each in enumerate(found) if isinstance(each, str)}
        crystals = CrystalArrays.from_structures([each for each in found if not isinstance(each, str)])
        return self.predict_arrays(crystals, compiled=compiled).with_gaps(reasons, len(found))

    def predict_arrays(self, crystals: CrystalArrays, *, compiled: bool | None = None) -> Predictions:
        """Predict for many crystals at once; arguments and what comes out are as for ``predict``."""
        predicted, reasons = self.model.predict_usable(crystals, compiled=compiled)
        usable = crystals.take(np.setdiff1d(np.arange(len(crystals)), list(reasons)))
        return self._finite_predictions(predicted, mark_elements(usable)).with_gaps(reasons, len(crystals))

    def predict_graphs(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool = True) -> Predictions:
        """Predict for many crystals at once, without a step per row.

        Args:
            graphs: Crystals, built as the model's ``graph_settings`` says.
            crystals: The same crystals, in the same order.
            compiled: As ``models.ensemble_prediction.embed`` takes it.
        """
        predicted = self.model.predict_members(graphs, crystals, compiled=compiled)
        return self._finite_predictions(predicted, mark_elements(graphs))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over model and calibration set."""
        return self.model.digest if self.calibration_set is None else self.calibration_set.digest

    @cached_property
    def calibration(self) -> Calibration | None:
        """How far the model is off on rows that it was not trained on; None without a calibration set."""
        return None if self.calibration_set is None else Calibration.fit(self.calibration_set)

    @cached_property
    def applicability_domain(self) -> ApplicabilityDomain | None:
        """The region of crystals that the model was trained on; None without a calibration set."""
        return None if self.calibration_set is None else ApplicabilityDomain.fit(self.calibration_set)

    def _finite_predictions(self, predicted: ModelOutput, elements: Bools) -> Predictions:
        """Return predictions; a crystal whose output is no finite number is a row with a reason."""
        members = predicted.output if len(self.model.targets) == 1 else predicted.output[..., self.output]
        finite = np.asarray(np.isfinite(members).all(axis=0) & np.isfinite(predicted.embedding).all(axis=(0, 2)))
        if finite.all():
            return self._predictions(predicted._replace(output=members), elements)
        known = predicted._replace(output=members).take(finite)
        reasons = dict.fromkeys(np.flatnonzero(~finite).tolist(), NOT_FINITE)
        return self._predictions(known, elements[finite]).with_gaps(reasons, len(finite))

    def _predictions(self, predicted: ModelOutput, elements: Bools) -> Predictions:
        """Return the predictions of crystals whose output is finite and one number for each member.

        Args:
            predicted: Their output.
            elements: Which elements each holds, [n_row, n_element].
        """
        members, n_row = predicted.output, predicted.output.shape[1]
        lower, upper = np.full((2, len(COVERAGES), n_row), np.nan)
        if not self.model.predicts_conductivity:
            value = members.mean(axis=0)
        elif self.calibration is None:
            value = compute_member_median(floored_log10(members))
        else:
            estimate = self.calibration.estimate(floored_log10(members), predicted.std_dex)
            value = compute_median_kappa(estimate)
            lower, upper = self.calibration.compute_intervals(estimate)
        domain, known = self.applicability_domain, self.calibration_set
        return Predictions(
            target=self.model.targets[self.output],
            unit=self.model.units[self.output],
            members=members,
            value=value,
            lower=lower,
            upper=upper,
            applicability=None
            if domain is None
            else domain.assess(predicted.embedding, elements, predicted.std_dex, predicted.nearest),
            materials=None if known is None else known.materials,
            reason=np.full(n_row, "", np.str_),
        )


def _card_names_calibration_set(path: Path) -> bool:
    """Return whether a model's card, if there is one, is of a predictor with intervals."""
    try:
        return json.loads(path.read_text()).get(CALIBRATION) is not None
    except (OSError, ValueError, AttributeError):
        return False
