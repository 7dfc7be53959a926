"""Predictors whose answers are known: a small network on twelve crystals, and calibration sets of made-up numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import make_calibration_set
from paraisite.inference.calibration_set import CalibrationSet, KnownMaterials
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.models.ensemble import Ensemble
from tests.training.tiny import CONFIG, tiny_data, tiny_initial, tiny_scaler, tiny_splits, tiny_structures

N_ELEMENT = 95


def materials(kappa: npt.NDArray[np.float64]) -> KnownMaterials:
    n = len(kappa)
    prototypes = tuple("rocksalt" if row % 2 else None for row in range(n))
    return KnownMaterials(
        tuple(f"m-{row}" for row in range(n)), tuple(f"X{row}" for row in range(n)), prototypes, kappa
    )


def tiny_ensemble() -> Ensemble:
    return Ensemble(CONFIG, tiny_initial(), tiny_scaler(), "kappa", "W/m/K", {"recipe": "tiny"})


def tiny_predictor() -> Predictor:
    """Return untrained members with the crystals that they would have been trained on."""
    model, data = NetworkModel(tiny_ensemble()), tiny_data()
    calibration_set = make_calibration_set(
        model,
        data.graphs,
        crystals=tiny_crystals(),
        materials=materials(data.target),
        trained_rows=[split.train for split in tiny_splits()],
    )
    return Predictor(model, calibration_set)


def tiny_graphs() -> GraphCollection:
    return tiny_data().graphs


def tiny_crystals() -> CrystalArrays:
    """Return the crystals of the tiny graphs."""
    return CrystalArrays.from_structures(tiny_structures())


def planted_calibration_set(
    kappa: npt.NDArray[np.float64],
    members: npt.NDArray[np.float64],
    trained: npt.NDArray[np.bool_],
    *,
    std_dex: npt.NDArray[np.float64] | None = None,
) -> CalibrationSet:
    """Return a calibration set with these values and predictions; what the members see of the rows is random."""
    embedding = np.random.default_rng(5).normal(size=(*members.shape, 4)).astype(np.float32)
    return CalibrationSet(
        materials=materials(kappa),
        elements=np.zeros((len(kappa), N_ELEMENT), np.bool_),
        embedding=embedding,
        members_w_per_m_k=members,
        trained=trained,
        model_digest="of nothing",
        std_dex=std_dex,
    )


def trained_mask(n_member: int, n_row: int, *, seeds: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Return which member was trained on which row: four fifths of them each."""
    orders = np.stack([np.random.default_rng(seed).permutation(n_row) for seed in seeds[:n_member]])
    return orders < 0.8 * n_row
