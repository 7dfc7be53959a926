"""Whether the packages that everything needs can be imported, found out without any of them."""

import importlib
import platform
from typing import Final

CORE_PACKAGES: Final = {
    "numpy": "numpy",
    "scipy": "scipy.linalg",
    "pymatgen": "pymatgen.core.structure",
    "spglib": "spglib",
    "gemmi": "gemmi",
    "pandas": "pandas",
    "pyarrow": "pyarrow.parquet",
    "scikit-learn": "sklearn.gaussian_process",
    "safetensors": "safetensors.numpy",
    "matplotlib": "matplotlib.figure",
    "pydantic": "pydantic",
    "requests": "requests",
    "rich": "rich.table",
}
"""A module of each, by the name that it is installed under."""


def find_unusable_packages() -> list[dict[str, str]]:
    """Return a row for each package that cannot be imported, as the report of an installation has rows, or none."""
    rows = []
    for package, module in CORE_PACKAGES.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # one that is damaged, or built for another version, raises anything
            lines = str(error).strip().splitlines() or [""]
            detail = f"cannot be imported, reinstall it: {type(error).__name__}: {lines[0]}"
            rows.append({"area": "version", "subject": package, "status": "failed", "detail": detail})
    if rows:
        python = f"{platform.python_version()} on {platform.platform()}"
        rows.insert(0, {"area": "version", "subject": "python", "status": "ok", "detail": python})
    return rows
