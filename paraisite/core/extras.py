"""Packages that come with an extra of the installation, and what to say where one is absent."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

EXTRA_OF_PACKAGE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ase": "refine",
        "distributed": "cluster",
        "dask": "cluster",
        "dvc": "train",
        "e3nn": "refine",
        "filelock": "train",
        "h5py": "train",
        "jax": "refine",
        "jinja2": "train",
        "joblib": "train",
        "megnet": "megnet",
        "mlflow": "train",
        "mp_api": "data",
        "nequix": "refine",
        "optuna": "train",
        "phono3py": "refine",
        "phonopy": "refine",
        "PIL": "train",
        "plotly": "app",
        "psycopg": "postgresql",
        "pyspark": "spark",
        "ruamel": "train",
        "sevenn": "lab",
        "sqlalchemy": "train",
        "streamlit": "app",
        "symfc": "refine",
        "tenacity": "data",
        "tensorflow": "train",
        "tf_keras": "megnet",
        "torch": "refine",
    }
)
"""Extra that installs a package, by the name that it is imported under."""


_OF_PROJECT: Final = "train"
"""Extra of what mostly needs the project's settings and data, too."""

_CLONE: Final = Path(__file__).parents[2]
_BESIDE: Final = {"nequix": "pip install --no-deps nequix"}
"""What no extra installs: on Linux Nequix's own dependencies name JAX with CUDA, 5.8 GB."""


def install_command(extra: str, *, package: str = "") -> str:
    """Return the command that adds an extra to an installation: in a clone, from the clone.

    Args:
        extra: Its name.
        package: What it is wanted for, where that takes a second command.
    """
    project = "." if (_CLONE / "pyproject.toml").is_file() else "paraisite"
    return " && ".join(filter(None, (f'pip install "{project}[{extra}]"', _BESIDE.get(package))))


def describe_missing_package(error: ModuleNotFoundError) -> str | None:
    """Return a sentence with the remedy for a package that an extra installs; None for any other."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF_PACKAGE.get(package)
    if extra is None:
        return None
    sentence = f"this needs {package}, which is not installed: {install_command(extra, package=package)}"
    if extra == _OF_PROJECT and not Path("params.yaml").exists():
        sentence += "; what trains, evaluates or selects needs the project's folder, too, a clone of the repository"
    return sentence
