"""Predicting needs little: heavy packages are loaded where a network is asked for, if at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from paraisite.core.files import CACHE_VARIABLE

ROOT = Path(__file__).parents[2]
NEVER = {"tensorflow", "mlflow", "dvc"}
SLOW = {"ase", "joblib", "matplotlib", "pandas", "pyarrow", "requests", "scipy", "sklearn", "sympy", "urllib3"}
"""What some verbs need, and a prediction with the default model does not: each takes a tenth of a second or more."""

SITES = "0 0 0\n.5 .5 0\n.5 0 .5\n0 .5 .5\n.5 .5 .5\n0 0 .5\n0 .5 0\n.5 0 0\n"


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


def test_the_default_model_predicts_with_few_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if not (ROOT / "build" / "gpaccurate" / "predictor").is_dir():
        pytest.skip("build/gpaccurate is absent: run `dvc pull`")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    crystal = tmp_path / "NaCl.vasp"
    crystal.write_text("NaCl\n5.69\n1 0 0\n0 1 0\n0 0 1\nNa Cl\n4 4\nDirect\n" + SITES)
    command = (
        "import sys\n"
        f"sys.argv = ['paraisite', 'predict', '--json', {str(crystal)!r}]\n"
        "from paraisite.__main__ import main\n"
        "try:\n    main()\nfinally:\n    "
    )
    assert not (NEVER | SLOW) & loaded_by(command + "assert 'numpy.random' not in sys.modules")
    assert list(tmp_path.iterdir()) == [crystal], "nothing is kept for the next command"


@pytest.mark.parametrize("model", ["build/gptg15/predictor", "weights/lfe"])
def test_a_networks_prediction_needs_no_tensorflow(model: str) -> None:
    if not (ROOT / model).is_dir():
        pytest.skip(f"{model} is absent: run `dvc pull`")
    loaded = loaded_by(
        "from pymatgen.core import Lattice, Structure\n"
        "from paraisite import load_predictor\n"
        "crystal = Structure(Lattice.cubic(3.0), ['Cs', 'Cl'], [[0, 0, 0], [0.5, 0.5, 0.5]])\n"
        f"assert load_predictor({model!r})(crystal).reason is None"
    )
    assert not NEVER & loaded
