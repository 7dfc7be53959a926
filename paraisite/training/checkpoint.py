"""The whole state of some members in training, saved so that a killed run ends as if it had never stopped."""

import json
import logging
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from paraisite.arrays import Singles
from paraisite.core.files import content_sha256, write_whole

logger = logging.getLogger(__name__)


_HEADER: Final = "paraisite_training_state"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that the next epoch depends on, and what the past ones measured.

    Attributes:
        weights: float32 [n_member, n_parameter].
        momentum: Adam's, same shape.
        variance: Adam's, same shape.
        n_update: float32 [n_member].
        best_weights: Weights at each member's best epoch so far, same shape as ``weights``.
        best_epoch: int64 [n_member], from 1; 0 before the first finite validation error.
        curves: float64 [n_epoch_done, 4, n_member]: train error, validation error, gradient norm, skipped steps.
    """

    weights: Singles
    momentum: Singles
    variance: Singles
    n_update: Singles
    best_weights: Singles
    best_epoch: npt.NDArray[np.int64]
    curves: npt.NDArray[np.float64]

    @classmethod
    def fresh(cls, weights: Singles) -> "TrainingState":
        """Return the state before the first epoch."""
        zeros, n_member = np.zeros_like(weights), len(weights)
        return cls(
            weights=weights,
            momentum=zeros,
            variance=zeros,
            n_update=np.zeros(n_member, np.float32),
            best_weights=weights,
            best_epoch=np.zeros(n_member, np.int64),
            curves=np.zeros((0, 4, n_member)),
        )

    @property
    def n_epoch_done(self) -> int:
        """Epochs behind this state."""
        return len(self.curves)

    def save(self, path: Path) -> None:
        """Write the state; a full disk costs the checkpoint, not the training."""
        arrays = {field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)}
        header = {"sha256": content_sha256(arrays)}
        try:
            write_whole(path, save(arrays, metadata={_HEADER: json.dumps(header)}))
        except OSError as error:
            logger.warning("checkpoint %s was not written, training goes on: %s", path, error)

    @classmethod
    def load(cls, path: Path) -> "TrainingState | None":
        """Read a state; None (with a warning) where the file is damaged, None where there is none."""
        try:
            with safe_open(path, framework="np") as file:
                header = json.loads((file.metadata() or {}).get(_HEADER, "{}"))
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError, json.JSONDecodeError) as error:
            logger.warning("checkpoint %s is damaged, its members start over: %s", path, error)
            return None
        if set(arrays) != {field.name for field in fields(cls)} or header.get("sha256") != content_sha256(arrays):
            logger.warning("checkpoint %s is damaged, its members start over: its digest does not match", path)
            return None
        return cls(**arrays)
