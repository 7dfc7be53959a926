"""A Gaussian process on descriptors of any crystal as a predictor's model; nothing in it is a network.

Known crystals are at equilibrium, so that a process learns from them how the conductivity changes from one crystal to
another, and hardly what becomes of it when one crystal is stretched: it fell with the volume to the power of -2.3,
where three times a Grüneisen parameter of 1.5 asks for -4.5. So some crystals are rows twice more, at a larger and at a
smaller volume, with the conductivity that this power gives. On held-out formulas the power is -3.8 then, at a mean
|ln ratio| of 0.369 instead of 0.365 (one fold of Phonix).
"""

import dataclasses
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Bools, Floats, Ints
from paraisite.core.blas_threads import use_one_blas_thread
from paraisite.core.files import content_sha256
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import CheckpointError
from paraisite.features.crystal_descriptors import (
    CRYSTAL_DESCRIPTORS,
    FAMILIES,
    FAMILY_OF_DESCRIPTOR,
    compute_crystal_descriptors,
)
from paraisite.features.described_crystals import describe_crystals
from paraisite.graphs.build import GraphSettings
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import FEW, ConductivityModel, ModelOutput, UsableOutput
from paraisite.labels.slack import TYPICAL_GRUNEISEN
from paraisite.models.estimate import Estimate
from paraisite.models.local_error import LocalError
from paraisite.models.relevance_kernel import KernelSettings
from paraisite.models.relevance_process import RelevanceProcess
from paraisite.models.tensor_file import read_sealed, write_sealed

RELEVANCE_FILE: Final = "relevance.safetensors"
"""What the file is called wherever a folder holds one."""

FORMAT: Final = "paraisite-relevance-3"
_HEADER: Final = "paraisite_relevance"
_LEFT_OUT: Final = ("without_formula/mean", "without_formula/std", "without_type/mean", "without_type/std")
_ARRAYS: Final = ("descriptors", "log10_kappa", "weights", "settings", *_LEFT_OUT)
_SOLUTION: Final = "solution"
"""Follows from the others and is no part of the digest; files of the first version have none."""
_IS_STRAINED: Final = "is_strained"
"""Follows from the rows, and likewise; where there is none, all materials could be."""

N_STRAINED: Final = 600
"""Materials that are also taken at other volumes."""

VOLUME_RATIOS: Final = (0.96, 1.04)

VOLUME_POWER: Final = -3.0 * TYPICAL_GRUNEISEN
"""Of the conductivity, as of the cube of the phonons' frequencies."""

_GRAPHS: Final = GraphSettings(cutoff_angstrom=4.0, distance_tolerance_angstrom=1e-3)
"""Those of the networks: every model says how graphs are built, and this one neither needs nor reads them."""


def mark_strained(may_strain: Bools) -> Bools:
    """Return which of all materials of a fit are also taken at other volumes, [n_material].

    Args:
        may_strain: Which may be, [n_material]. Those that may not leave the choice among the others as it is.
    """
    is_strained = np.zeros(len(may_strain), np.bool_)
    rows = np.flatnonzero(may_strain)
    is_strained[rows[np.random.default_rng(0).permutation(len(rows))[:N_STRAINED]]] = True
    return is_strained


@dataclass(frozen=True, eq=False)
class DescribedMaterials:
    """Descriptors of some materials, and of some of them at other volumes.

    Attributes:
        descriptors: [n_material, n_descriptor].
        is_strained: Which are also taken at other volumes, bool [n_material].
        strained: Descriptors of these at each of ``VOLUME_RATIOS``, [n_ratio, n_strained, n_descriptor].
    """

    descriptors: Floats
    is_strained: Bools
    strained: Floats

    @classmethod
    def describe(cls, crystals: CrystalArrays, *, may_strain: Bools | None = None) -> "DescribedMaterials":
        """Compute the descriptors, in the precision of a predictor's file.

        Args:
            crystals: The materials.
            may_strain: Which may be taken at other volumes, [n_material]; None for all.
        """
        is_strained = mark_strained(np.ones(len(crystals), np.bool_) if may_strain is None else may_strain)
        some = crystals.take(np.flatnonzero(is_strained))
        strained = [
            describe_rounded(dataclasses.replace(some, lattice_angstrom=some.lattice_angstrom * np.cbrt(ratio)))
            for ratio in VOLUME_RATIOS
        ]
        return cls(describe_rounded(crystals), is_strained, np.stack(strained))

    def take(self, rows: Ints) -> "DescribedMaterials":
        """Return these materials, in this order."""
        place = np.cumsum(self.is_strained) - 1
        kept = self.is_strained[rows]
        return DescribedMaterials(self.descriptors[rows], kept, self.strained[:, place[rows[kept]]])


@dataclass(frozen=True, eq=False)
class RelevanceModel(ConductivityModel):
    """One process fitted on all rows of a data set.

    Attributes:
        process: It, with its rows: the materials, then those at other volumes.
        is_strained: Which materials are also taken at other volumes, [n_material].
        without_formula: What it says of each material without the rows of the same formula, [n_material].
        without_type: The same without those of the same formula or structure type.
    """

    process: RelevanceProcess
    is_strained: Bools
    without_formula: Estimate
    without_type: Estimate

    @classmethod
    def fit(
        cls,
        materials: DescribedMaterials,
        log10_kappa: Floats,
        formulas: Sequence[str],
        types: Sequence[str],
        *,
        weights: Floats | None = None,
    ) -> "RelevanceModel":
        """Fit the process.

        Args:
            materials: Materials with values.
            log10_kappa: The values, kappa in W/m/K, [n_material].
            formulas: Reduced formulas, [n_material].
            types: Structure types, [n_material].
            weights: How much each counts, [n_material]; None where all count alike.
        """
        process = RelevanceProcess.fit(materials.descriptors, log10_kappa, FAMILY_OF_DESCRIPTOR, weights=weights)
        process = dataclasses.replace(process, n_crystal=len(log10_kappa))
        for ratio, strained in zip(VOLUME_RATIOS, materials.strained, strict=True):
            process = process.add_rows(strained, log10_kappa[materials.is_strained] + VOLUME_POWER * np.log10(ratio))

        def without(*groupings: Sequence[str]) -> Estimate:
            of_rows = [_add_strained(np.asarray(groups), materials.is_strained) for groups in groupings]
            left_out, n_material = process.estimate_without(*of_rows), len(formulas)
            return Estimate(left_out.mean[:n_material], left_out.std[:n_material])

        process = process.discount_outliers(_add_strained(np.arange(len(formulas)), materials.is_strained))
        return cls(process, materials.is_strained, without(formulas), without(formulas, types))

    @property
    def n_member(self) -> int:
        """One."""
        return 1

    @property
    def graph_settings(self) -> GraphSettings:
        """Those of the networks: graphs play no part in the prediction."""
        return _GRAPHS

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over rows and settings."""
        return content_sha256(self._arrays(), {"format": FORMAT})

    @cached_property
    def local_error(self) -> LocalError:
        """How far the process is off near each of its rows."""
        n_material = len(self.without_formula.mean)
        return LocalError.fit(self.places, self.without_formula, self.process.log10_kappa[:n_material])

    @cached_property
    def places(self) -> Floats:
        """The materials, in the distances of the kernel."""
        return self.process.standardise(self.process.descriptors[: len(self.without_formula.mean)])

    def estimate_known(self, formulas: Sequence[str], types: Sequence[str]) -> tuple[Estimate, Estimate]:
        """Return what the model says of its own rows without those of the same formula, and of the same type.

        Args:
            formulas: Those that it was fitted with, [n_material].
            types: Likewise.
        """
        widen = self.local_error.widen_known
        return widen(self.without_formula, formulas), widen(self.without_type, formulas, types)

    def predict_usable(self, crystals: CrystalArrays, *, compiled: bool | None = None) -> UsableOutput:
        """Return predictions, without graphs, of the crystals that would have one; see ``model.Model``."""
        del compiled
        # Of a few crystals all products are small: two threads took 21 ms of both processors where one takes 7.
        with use_one_blas_thread() if len(crystals) <= FEW else nullcontext():
            described = describe_crystals(crystals)
            return UsableOutput(self.predict_described(round_descriptors(described.descriptors)), described.reasons)

    def predict_members(self, graphs: GraphCollection, crystals: CrystalArrays, *, compiled: bool) -> ModelOutput:
        """Return the predictions, medians, of the only member; see ``model.Model``."""
        del graphs, compiled
        return self.predict_described(describe_rounded(crystals))

    def predict_described(self, descriptors: Floats) -> ModelOutput:
        """Return predictions of crystals with these descriptors, [n_crystal, n_descriptor]."""
        places = self.process.standardise(descriptors)
        estimate, near, distance = self.process.estimate_with_nearest(descriptors)
        widened = self.local_error.widen(estimate, near, distance)
        return ModelOutput(np.power(10.0, widened.mean)[None], places[None], widened.std[None], near)

    def predict_beside(self, crystals: CrystalArrays, left_out: Bools) -> ModelOutput:
        """Return predictions as if some of the model's materials had not been seen; the kernel's settings stay.

        Args:
            crystals: What to predict.
            left_out: Which of the materials each prediction goes without, [n_crystal, n_material].
        """
        descriptors, of_rows = describe_rounded(crystals), _add_strained(left_out, self.is_strained)
        places = self.process.standardise(descriptors)
        estimate = self.process.estimate_beside(descriptors, of_rows)
        widened = self.local_error.widen_beside(estimate, places, left_out)
        return ModelOutput(np.power(10.0, widened.mean)[None], places[None], widened.std[None])

    def save(self, folder: Path) -> None:
        """Write the process with its rows."""
        header = {
            "format": FORMAT,
            "descriptors": [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS],
            "families": FAMILIES,
        }
        arrays = self._arrays() | {_SOLUTION: self.process.weighted_values, _IS_STRAINED: self.is_strained}
        write_sealed(folder / RELEVANCE_FILE, arrays, header, header_key=_HEADER)

    @classmethod
    def load(cls, folder: Path) -> "RelevanceModel":
        """Read what ``save`` wrote.

        Raises:
            CheckpointError: The file is absent or damaged, no process of this format, or of other descriptors.
        """
        path = folder / RELEVANCE_FILE
        header, arrays = read_sealed(path, header_key=_HEADER, expected_format=FORMAT)
        solution, is_strained = arrays.pop(_SOLUTION, None), arrays.pop(_IS_STRAINED, None)
        expected = [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS]
        if header["descriptors"] != expected or tuple(header["families"]) != FAMILIES or set(arrays) != set(_ARRAYS):
            raise CheckpointError(f"{path} holds a process on other descriptors than this version's: fit it again")
        by_formula, by_type = (
            Estimate(arrays[f"{name}/mean"], arrays[f"{name}/std"]) for name in ("without_formula", "without_type")
        )
        process = RelevanceProcess(
            KernelSettings.from_logarithms(arrays["settings"]),
            FAMILY_OF_DESCRIPTOR,
            arrays["descriptors"].astype(np.float64),
            arrays["log10_kappa"],
            arrays["weights"],
            solution,
            n_crystal=len(by_formula.mean),
        )
        if is_strained is None:
            is_strained = mark_strained(np.ones(len(by_formula.mean), np.bool_))
        return cls(process, is_strained, by_formula, by_type)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "descriptors": self.process.descriptors.astype(np.float32),
            "log10_kappa": self.process.log10_kappa,
            "weights": self.process.weights,
            "settings": self.process.settings.logarithms,
            "without_formula/mean": self.without_formula.mean,
            "without_formula/std": self.without_formula.std,
            "without_type/mean": self.without_type.mean,
            "without_type/std": self.without_type.std,
        }


def _add_strained(of_materials: npt.NDArray[Any], is_strained: Bools) -> npt.NDArray[Any]:
    """Return what belongs to materials, along the last axis, followed by that of their rows at other volumes."""
    return np.concatenate([of_materials, *[of_materials[..., is_strained]] * len(VOLUME_RATIOS)], axis=-1)


def describe_rounded(crystals: CrystalArrays) -> Floats:
    """Return descriptors of usable crystals as the model sees them, [n_crystal, n_descriptor]."""
    return round_descriptors(compute_crystal_descriptors(crystals))


def round_descriptors(descriptors: Floats) -> Floats:
    """Return descriptors in the precision of the file, so that a predictor answers the same before and after."""
    return descriptors.astype(np.float32).astype(np.float64)
