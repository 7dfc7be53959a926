"""Predicting needs little: heavy packages are loaded where a network is asked for, if at all."""

import subprocess
import sys

HEAVY = ("tensorflow", "mlflow", "dvc")


def test_the_predictor_is_imported_without_tensorflow_mlflow_and_dvc():
    program = (
        "import sys, pkgutil, importlib, paraisite.inference as package\n"
        "for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "paraisite" in loaded
    assert not set(HEAVY) & set(loaded)
