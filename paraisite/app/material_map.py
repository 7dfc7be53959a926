"""A map of the training materials: what is close on it is alike in composition and structure, as the model sees it.

The two axes along which the materials differ most: principal components of the features in which the model measures
how far crystals are apart. Of the default model these are descriptors in units of their families' length scales, so
that what matters for the conductivity is drawn out; the two axes are then, nearly, the size of the atoms and the
stiffness of the bonds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.structure import Structure
from sklearn.decomposition import PCA

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import DataError
from paraisite.features.crystal_descriptors import CRYSTAL_DESCRIPTORS
from paraisite.inference.applicability_domain import ApplicabilityDomain
from paraisite.inference.calibration_set import KnownMaterials
from paraisite.inference.predictor import Predictor
from paraisite.inference.relevance_model import RelevanceModel

_MEANINGS: Final = {"atomic_radius_mean": "larger atoms", "log10_spring_modulus_power": "stiffer bonds"}
"""What an axis is called that rises with a descriptor."""

_CORRELATION: Final = 0.7
"""From which on it is."""


@dataclass(frozen=True, eq=False)
class MaterialMap:
    """The training materials of a predictor in two dimensions.

    Attributes:
        predictor: Whose they are.
        materials: The materials.
        places: Where they lie, [n_material, 2].
        axes: What grows along each axis; "" where that has no short name.
        components: The projection of new crystals.
    """

    predictor: Predictor
    materials: KnownMaterials
    places: Floats
    axes: tuple[str, str]
    components: PCA

    @classmethod
    def fit(cls, predictor: Predictor) -> "MaterialMap | None":
        """Return the map; None for a predictor that knows no training materials, or too few for a map."""
        known, domain = predictor.calibration_set, predictor.applicability_domain
        if known is None or domain is None or len(known.materials.formula) < 3:
            return None
        features = _join(domain, known.embedding)
        components = PCA(2, svd_solver="covariance_eigh").fit(features)
        places = components.transform(features)
        axes, signs = _name_axes(predictor, places)
        components.components_ *= signs[:, None]
        return cls(predictor, known.materials, places * signs, axes, components)

    def place(self, structures: Sequence[Structure]) -> Floats:
        """Return where crystals lie, [n_crystal, 2].

        Raises:
            DataError: The model cannot see one of them.
        """
        crystals = CrystalArrays.from_structures(structures)
        predicted, rejected = self.predictor.model.predict_usable(crystals, compiled=False)
        if rejected:
            raise DataError(next(iter(rejected.values())))
        domain = self.predictor.applicability_domain
        if domain is None:
            raise DataError("the predictor has no training materials")
        places: Floats = self.components.transform(_join(domain, predicted.embedding))
        return places


def _join(domain: ApplicabilityDomain, embedding: Floats | npt.NDArray[np.float32]) -> Floats:
    """Return the features in which the domain measures distances, all members' side by side, [n_row, n_feature]."""
    if not domain.known:
        return np.asarray(embedding[0], np.float64)
    standardised = [of_member.standardise(values) for of_member, values in zip(domain.known, embedding, strict=True)]
    return np.concatenate(standardised, axis=1)


def _name_axes(predictor: Predictor, places: Floats) -> tuple[tuple[str, str], Floats]:
    """Return what grows along each axis, and the signs that make it grow."""
    names, signs = ["", ""], np.ones(2)
    if isinstance(predictor.model, RelevanceModel):
        columns = {descriptor.name: number for number, descriptor in enumerate(CRYSTAL_DESCRIPTORS)}
        for axis in range(2):
            for name, meaning in _MEANINGS.items():
                values = predictor.model.process.descriptors[: len(places), columns[name]]
                correlation = float(np.corrcoef(places[:, axis], values)[0, 1])
                if abs(correlation) > _CORRELATION:
                    names[axis], signs[axis] = meaning, np.sign(correlation)
    return (names[0], names[1]), signs
