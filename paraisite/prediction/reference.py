"""What an ensemble's answers are judged by: the materials that taught it, as each of its members sees them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from paraisite.errors import CheckpointError
from paraisite.files import content_sha256, write_whole
from paraisite.graphs.build import N_ELEMENT
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.models.tensor_file import read_tensors

FORMAT: Final = "paraisite-reference-1"
REFERENCE_FILE: Final = "reference.safetensors"
"""What the file is called wherever a folder holds one, beside its ensemble."""

_HEADER: Final = "paraisite_reference"
_ARRAYS: Final = ("elements", "kappa_w_per_m_k", "hidden", "members_w_per_m_k", "trained")


@dataclass(frozen=True, eq=False)
class Materials:
    """Materials that taught an ensemble, for people.

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
    """What an ensemble's answers are judged by.

    Attributes:
        materials: Its materials with their values.
        elements: Which elements each holds, by atomic number, bool [n_row, n_element].
        hidden: Each member's last hidden layer, float32 [n_member, n_row, n_hidden].
        members_w_per_m_k: Each member's prediction, W/m/K, float64 [n_member, n_row].
        trained: Whether a member has learnt from a row, bool [n_member, n_row].
        ensemble_digest: ``digest_of`` the ensemble.
    """

    materials: Materials
    elements: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.float32]
    members_w_per_m_k: npt.NDArray[np.float64]
    trained: npt.NDArray[np.bool_]
    ensemble_digest: str

    def check(self, ensemble: Ensemble) -> None:
        """Do nothing if this belongs to the ensemble.

        Raises:
            CheckpointError: It belongs to another one.
        """
        if (found := digest_of(ensemble)) != self.ensemble_digest:
            raise CheckpointError(
                f"the reference belongs to an ensemble with digest {self.ensemble_digest[:12]}…, found {found[:12]}…"
            )

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over all of it, the ensemble's digest included."""
        return str(self._content()[0]["sha256"])

    def save(self, path: Path) -> None:
        """Write the file; an interrupted write leaves the old one."""
        header, arrays = self._content()
        # One text only: safetensors writes several in random order, and equal references should be equal files.
        write_whole(path, save(arrays, metadata={_HEADER: json.dumps(header, sort_keys=True)}))

    def _content(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """Return header and arrays of the file."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "elements": self.elements,
            "kappa_w_per_m_k": self.materials.kappa_w_per_m_k,
            "hidden": self.hidden,
            "members_w_per_m_k": self.members_w_per_m_k,
            "trained": self.trained,
        }
        header: dict[str, Any] = {
            "format": FORMAT,
            "material_id": self.materials.material_id,
            "formula": self.materials.formula,
            "prototype": self.materials.prototype,
            "ensemble_digest": self.ensemble_digest,
        }
        header["sha256"] = content_sha256(arrays, {_HEADER: json.dumps(header, sort_keys=True)})
        return header, arrays

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read a file that :meth:`save` wrote.

        Raises:
            CheckpointError: The file is absent, damaged, or no reference of this format.
        """
        header, arrays = read_tensors(path, header_key=_HEADER)
        sha256 = header.pop("sha256", None)
        if header.get("format") != FORMAT or set(arrays) != set(_ARRAYS):
            raise CheckpointError(f"{path}: expected format {FORMAT}, found {header.get('format')!r}")
        if sha256 != content_sha256(arrays, {_HEADER: json.dumps(header, sort_keys=True)}):
            raise CheckpointError(f"{path} is damaged: its digest does not match")
        material_id, formula, prototype = (tuple(header[name]) for name in ("material_id", "formula", "prototype"))
        return cls(
            materials=Materials(material_id, formula, prototype, arrays.pop("kappa_w_per_m_k")),
            ensemble_digest=header["ensemble_digest"],
            **arrays,
        )


def elements_of(graphs: GraphCollection) -> npt.NDArray[np.bool_]:
    """Return which elements each crystal holds, by atomic number, bool [n_crystal, n_element]."""
    elements = np.zeros((len(graphs), N_ELEMENT), np.bool_)
    elements[np.repeat(np.arange(len(graphs)), graphs.n_atom), graphs.atomic_number] = True
    return elements


def digest_of(ensemble: Ensemble) -> str:
    """Return the SHA-256, in hex, over members and scaler, whatever precision they were stored in."""
    arrays: dict[str, npt.NDArray[Any]] = {f"parameters/{name}": value for name, value in ensemble.parameters.items()}
    if ensemble.scaler is not None:
        arrays |= {"scaler/mean": ensemble.scaler.mean, "scaler/std": ensemble.scaler.std}
    return content_sha256(arrays, {"config": repr(ensemble.config)})
