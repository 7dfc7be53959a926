"""The served model refuses what its table of one value per structure cannot hold."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from paraisite.errors import CheckpointError
from paraisite.models.architecture import ModelConfig
from paraisite.tracking.served_model import EnsembleModel
from tests.models.reference import random_member


def test_several_outputs_are_refused(tmp_path: Path):
    path = tmp_path / "ensemble.safetensors"
    random_member(ModelConfig(n_output=2)).save(path)
    with pytest.raises(CheckpointError, match="a served model has one output, found kappa, kappa"):
        EnsembleModel().load_context(SimpleNamespace(artifacts={"ensemble": str(path)}))
