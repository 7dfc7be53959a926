"""The calibration set of a model: its materials with known values, and every member's prediction and embedding."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import N_ELEMENT
from paraisite.errors import CheckpointError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import Model
from paraisite.models.tensor_file import read_sealed, seal, write_sealed

FORMAT: Final = "paraisite-reference-2"
CALIBRATION_SET_FILE: Final = "reference.safetensors"
"""The file's name in every folder of a predictor: that of the first versions, so that their folders load."""

_HEADER: Final = "paraisite_reference"
_EMBEDDING: Final = "hidden"
_STD: Final = "spread_dex"
_TRAINS_ONLY: Final = "selected_by_label"
_IS_LABEL: Final = "is_label"
"""Names of arrays in the file, as the first versions wrote them."""
_ARRAYS: Final = ("elements", "kappa_w_per_m_k", _EMBEDDING, "members_w_per_m_k", "trained")


@dataclass(frozen=True, eq=False)
class KnownMaterials:
    """Materials of a calibration set, for people.

    Attributes:
        material_id: Ids, [n_row].
        formula: Reduced formulas, [n_row].
        prototype: Structure types, None where unknown, [n_row].
        kappa_w_per_m_k: Known values, W/m/K, float64 [n_row].
        trains_only: Which no error is measured on, bool [n_row]: those that are there because of their value, and
            labels of our own beside accurate rows. None where there is none.
        is_label: Whose value is a label of our own, bool [n_row]; None where none is.
    """

    material_id: tuple[str, ...]
    formula: tuple[str, ...]
    prototype: tuple[str | None, ...]
    kappa_w_per_m_k: npt.NDArray[np.float64]
    trains_only: npt.NDArray[np.bool_] | None = None
    is_label: npt.NDArray[np.bool_] | None = None

    def holds_label(self, row: int) -> bool:
        """Return whether a material's value is a label of our own."""
        return self.is_label is not None and bool(self.is_label[row])


@dataclass(frozen=True, eq=False)
class CalibrationSet:
    """Materials with known values that intervals and applicability domain of a model are taken from.

    Attributes:
        materials: Ids, formulas and values.
        elements: Which elements each holds, by atomic number, bool [n_row, n_element].
        embedding: Each member's, of a network the last hidden layer, float32 [n_member, n_row, n_feature].
        members_w_per_m_k: Each member's prediction, W/m/K, float64 [n_member, n_row].
        trained: Whether a member was trained on a row, bool [n_member, n_row]. All False for a model that knows all
            rows and can say what it would predict of each without some of them. Its predictions then stand in the
            members' place: the first without the rows of the same formula, further ones without more.
        model_digest: The model's.
        std_dex: Standard deviation of each member's prediction of log10(kappa), dex, float64 [n_member, n_row]; None
            for members that predict none.
    """

    materials: KnownMaterials
    elements: npt.NDArray[np.bool_]
    embedding: npt.NDArray[np.float32]
    members_w_per_m_k: npt.NDArray[np.float64]
    trained: npt.NDArray[np.bool_]
    model_digest: str
    std_dex: npt.NDArray[np.float64] | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether every prediction is that of a model which knew all rows but those that are like the row."""
        return not self.trained.any()

    def check(self, model: Model) -> None:
        """Do nothing if this belongs to the model.

        Raises:
            CheckpointError: It belongs to another one.
        """
        if (found := model.digest) != self.model_digest:
            raise CheckpointError(
                f"the calibration set belongs to a model with digest {self.model_digest[:12]}…, found {found[:12]}…"
            )

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over all of it, the model's digest included."""
        return seal(self._arrays(), self._header(), header_key=_HEADER)

    def save(self, path: Path) -> None:
        """Write the file; an interrupted write leaves the old one."""
        write_sealed(path, self._arrays(), self._header(), header_key=_HEADER)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        materials = self.materials
        optional = {_STD: self.std_dex, _TRAINS_ONLY: materials.trains_only, _IS_LABEL: materials.is_label}
        return {name: array for name, array in optional.items() if array is not None} | {
            "elements": self.elements,
            "kappa_w_per_m_k": materials.kappa_w_per_m_k,
            _EMBEDDING: self.embedding,
            "members_w_per_m_k": self.members_w_per_m_k,
            "trained": self.trained,
        }

    def _header(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "material_id": self.materials.material_id,
            "formula": self.materials.formula,
            "prototype": self.materials.prototype,
            "model_digest": self.model_digest,
        }

    @classmethod
    def load(cls, path: Path) -> "CalibrationSet":
        """Read a file that :meth:`save` wrote.

        Raises:
            CheckpointError: The file is absent, damaged, or no calibration set of this format.
        """
        header, arrays = read_sealed(path, header_key=_HEADER, expected_format=FORMAT)
        if set(arrays) - {_STD, _TRAINS_ONLY, _IS_LABEL} != set(_ARRAYS):
            raise CheckpointError(f"{path} holds {', '.join(arrays)}, expected {', '.join(_ARRAYS)}")
        material_id, formula, prototype = (tuple(header[name]) for name in ("material_id", "formula", "prototype"))
        return cls(
            materials=KnownMaterials(
                material_id,
                formula,
                prototype,
                arrays.pop("kappa_w_per_m_k"),
                arrays.pop(_TRAINS_ONLY, None),
                arrays.pop(_IS_LABEL, None),
            ),
            embedding=arrays.pop(_EMBEDDING),
            std_dex=arrays.pop(_STD, None),
            model_digest=header["model_digest"],
            **arrays,
        )


def mark_elements(crystals: CrystalArrays | GraphCollection) -> npt.NDArray[np.bool_]:
    """Return which elements each crystal holds, by atomic number, bool [n_crystal, n_element]."""
    elements = np.zeros((len(crystals), N_ELEMENT), np.bool_)
    elements[np.repeat(np.arange(len(crystals)), crystals.n_atom), crystals.atomic_number] = True
    return elements
