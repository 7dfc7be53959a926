"""Packages that come with an extra of the installation, and what to say where one is absent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

EXTRA_OF_PACKAGE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "distributed": "cluster",
        "dask": "cluster",
        "dvc": "train",
        "e3nn": "refine",
        "h5py": "train",
        "jax": "refine",
        "jinja2": "train",
        "megnet": "megnet",
        "mlflow": "train",
        "mp_api": "data",
        "nequix": "refine",
        "optuna": "train",
        "phono3py": "refine",
        "phonopy": "refine",
        "plotly": "app",
        "psycopg": "postgresql",
        "pyspark": "spark",
        "ruamel": "train",
        "sevenn": "lab",
        "sqlalchemy": "train",
        "streamlit": "app",
        "symfc": "refine",
        "tensorflow": "train",
        "tf_keras": "megnet",
        "torch": "refine",
    }
)
"""Extra that installs a package, by the name that it is imported under."""


def install_command(extra: str) -> str:
    """Return the command that adds an extra to an installation."""
    return f'pip install "paraisite[{extra}]"'


def describe_missing_package(error: ModuleNotFoundError) -> str | None:
    """Return a sentence with the remedy for a package that an extra installs; None for any other."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF_PACKAGE.get(package)
    return None if extra is None else f"this needs {package}, which is not installed: {install_command(extra)}"
