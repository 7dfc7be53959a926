"""What a model's answers are judged by: the materials that taught it, as each of its members sees them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.data.validation import N_ELEMENT
from paraisite.errors import CheckpointError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.model import Model
from paraisite.models.tensor_file import read_sealed, seal, write_sealed

FORMAT: Final = "paraisite-reference-2"
REFERENCE_FILE: Final = "reference.safetensors"
"""What the file is called wherever a folder holds one, beside its model."""

_HEADER: Final = "paraisite_reference"
_ARRAYS: Final = ("elements", "kappa_w_per_m_k", "hidden", "members_w_per_m_k", "trained")
_SPREAD: Final = "spread_dex"


@dataclass(frozen=True, eq=False)
class Materials:
    """Materials that taught a model, for people.

    Attributes:
        material_id: Ids, [n_row].
        formula: Reduced formulas, [n_row].
        prototype: Structure types, None where unknown, [n_row].
        kappa_w_per_m_k: Known values, W/m/K, float64 [n_row].
    """

    material_id: tuple[str, ...]
    formula: tuple[str, ...]
    prototype: tuple[str | None, ...]
    kappa_w_per_m_k: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reference:
    """What a model's answers are judged by.

    Attributes:
        materials: Its materials with their values.
        elements: Which elements each holds, by atomic number, bool [n_row, n_element].
        hidden: What each member sees of them, a network's last hidden layer, float32 [n_member, n_row, n_feature].
        members_w_per_m_k: Each member's prediction, W/m/K, float64 [n_member, n_row].
        trained: Whether a member has learnt from a row, bool [n_member, n_row].
        model_digest: The model's.
        spread_dex: Standard deviation that each member gives its log10(kappa), dex, float64 [n_member, n_row]; None for
            members that give none.
    """

    materials: Materials
    elements: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.float32]
    members_w_per_m_k: npt.NDArray[np.float64]
    trained: npt.NDArray[np.bool_]
    model_digest: str
    spread_dex: npt.NDArray[np.float64] | None = None

    def check(self, model: Model) -> None:
        """Do nothing if this belongs to the model.

        Raises:
            CheckpointError: It belongs to another one.
        """
        if (found := model.digest) != self.model_digest:
            raise CheckpointError(
                f"the reference belongs to a model with digest {self.model_digest[:12]}…, found {found[:12]}…"
            )

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over all of it, the model's digest included."""
        return seal(self._arrays(), self._header(), header_key=_HEADER)

    def save(self, path: Path) -> None:
        """Write the file; an interrupted write leaves the old one."""
        write_sealed(path, self._arrays(), self._header(), header_key=_HEADER)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        spread = {} if self.spread_dex is None else {_SPREAD: self.spread_dex}
        return spread | {
            "elements": self.elements,
            "kappa_w_per_m_k": self.materials.kappa_w_per_m_k,
            "hidden": self.hidden,
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
    def load(cls, path: Path) -> "Reference":
        """Read a file that :meth:`save` wrote.

        Raises:
            CheckpointError: The file is absent, damaged, or no reference of this format.
        """
        header, arrays = read_sealed(path, header_key=_HEADER, expected_format=FORMAT)
        if set(arrays) - {_SPREAD} != set(_ARRAYS):
            raise CheckpointError(f"{path} holds {', '.join(arrays)}, expected {', '.join(_ARRAYS)}")
        material_id, formula, prototype = (tuple(header[name]) for name in ("material_id", "formula", "prototype"))
        return cls(
            materials=Materials(material_id, formula, prototype, arrays.pop("kappa_w_per_m_k")),
            model_digest=header["model_digest"],
            **arrays,
        )


def elements_of(graphs: GraphCollection) -> npt.NDArray[np.bool_]:
    """Return which elements each crystal holds, by atomic number, bool [n_crystal, n_element]."""
    elements = np.zeros((len(graphs), N_ELEMENT), np.bool_)
    elements[np.repeat(np.arange(len(graphs)), graphs.n_atom), graphs.atomic_number] = True
    return elements
