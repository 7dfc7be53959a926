"""Run in a process of its own: what the megnet package makes of our files, and files of its own for us.

Usage: run_megnet.py FOLDER ours|theirs. Writes predictions.json: megnet's predictions of the reference crystals with
every .hdf5 file of the folder (ours), or with models that it makes and saves there itself (theirs).
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from paraisite.models.megnet_interop import load_with_megnet, prepare_megnet
from tests.models.reference import reference_crystals


def _save_theirs(folder: Path) -> dict[str, list[float]]:
    """Save models of several kinds with megnet itself, with random weights; return what the readable ones predict.

    They are not reopened: megnet 1.3.2 cannot open what it saves with a current Keras 2 (the activation's name).
    """
    import tensorflow as tf
    from megnet.data.crystal import CrystalGraph
    from megnet.data.graph import GaussianDistance
    from megnet.models import MEGNetModel
    from megnet.utils.preprocessing import StandardScaler

    tf.random.set_seed(0)
    standard = CrystalGraph(bond_converter=GaussianDistance(np.linspace(0, 6, 30), 0.4), cutoff=4.5)
    distances = CrystalGraph(cutoff=4.0)
    scaler = StandardScaler(mean=1.5, std=0.7)
    one_block = {"nblocks": 1, "graph_converter": standard}
    readable = {
        "dropout": MEGNetModel(30, 2, graph_converter=standard, dropout=0.2, nblocks=2, npass=2, nvocal=90),
        "standard_scaler": MEGNetModel(30, 2, **one_block, target_scaler=scaler, l2_coef=1e-3),
        "classifier": MEGNetModel(30, 2, **one_block, is_classification=True, n1=24, n2=12, n3=6),
        "distance_input": MEGNetModel(
            graph_converter=distances, nblocks=1, centers=np.linspace(0, 5, 40).tolist(), width=0.5, embedding_dim=8
        ),
    }
    refused = {
        "no_block": MEGNetModel(30, 2, graph_converter=standard, nblocks=0),
        "state_input": MEGNetModel(30, 3, **one_block),
        "bond_types": MEGNetModel(None, 2, **one_block, nbvocal=3, bond_embedding_dim=4),
        "atom_features": MEGNetModel(30, 2, 27, **one_block),
        "state_types": MEGNetModel(30, None, **one_block, ngvocal=4, global_embedding_dim=8),
        "two_targets": MEGNetModel(30, 2, **one_block, ntarget=2),
        "dropout_on_predict": MEGNetModel(30, 2, **one_block, dropout=0.2, dropout_on_predict=True),
    }
    for name, model in (readable | refused).items():
        # Biases start at zero: without these a bias in the wrong place would go unnoticed.
        generator = np.random.default_rng(0)
        model.model.set_weights([w + generator.normal(0, 0.05, w.shape) for w in model.model.get_weights()])
        model.metadata = {"name": name, "unit": "eV"}
        model.save_model(str(folder / f"{name}.hdf5"))
    return {name: _predict(model) for name, model in readable.items()}


def _predict(model: Any) -> list[float]:
    return np.ravel(model.predict_structures(list(reference_crystals().values()))).tolist()


def main(folder: Path, whose: str) -> None:
    """Write the folder's predictions.json."""
    prepare_megnet()
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)  # tracing each model takes longer than all predictions
    if whose == "ours":
        predictions = {path.stem: _predict(load_with_megnet(path)) for path in sorted(folder.glob("*.hdf5"))}
    else:
        predictions = _save_theirs(folder)
    (folder / "predictions.json").write_text(json.dumps(predictions))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
