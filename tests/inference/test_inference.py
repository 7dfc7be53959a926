"""Predicting needs little: heavy packages are loaded where a network is asked for, if at all."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEVER = {"tensorflow", "mlflow", "dvc"}


def loaded_by(program: str) -> set[str]:
    """Return the packages that a program has loaded at its end."""
    program += "\nimport sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def test_the_predictor_is_imported_without_tensorflow_mlflow_and_dvc():
    loaded = loaded_by(
        "import pkgutil, importlib, paraisite.inference as package\n"
        "for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
    )
    assert "paraisite" in loaded
    assert not NEVER & loaded


def test_the_default_model_predicts_without_tensorflow_mlflow_and_dvc():
    if not (ROOT / "build" / "gpaccurate" / "predictor").is_dir():
        pytest.skip("build/gpaccurate is absent: run `dvc pull`")
    loaded = loaded_by(
        "from pymatgen.core import Lattice, Structure\n"
        "from paraisite import load_predictor\n"
        "crystal = Structure.from_spacegroup('Fm-3m', Lattice.cubic(5.69), ['Na', 'Cl'], [[0, 0, 0], [0.5] * 3])\n"
        "assert 2 < load_predictor().predict([crystal]).value[0] < 12\n"
    )
    assert not NEVER & loaded
