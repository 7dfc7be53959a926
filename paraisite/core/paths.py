"""Where things lie, relative to the project's folder."""

from pathlib import Path
from typing import Final

DATA: Final = Path("data")
"""The project's own fact tables, tracked by data.dvc."""

EXTERNAL: Final = Path("external")
"""What was fetched or imported, a folder per data set; not in the repository."""

SHIPPED: Final = Path("weights")
"""Members that the project ships, a folder per model, tracked by weights.dvc."""

PACKAGED: Final = Path(__file__).resolve().parents[1] / "shipped"
"""What an installation from a wheel brings along, below the paths that a clone has it under; absent in a clone."""

BUILD: Final = Path("build")
"""What the stages write."""

IN_PACKAGE: Final = (BUILD / "gpaccurate" / "predictor", BUILD / "check_refined")
"""What predicts, and what refines it: the folders that ``hatch_build.py`` puts into a wheel."""

SOURCE_TREE: Final = Path(__file__).resolve().parents[2]
"""The clone that this code is run from, as where it is installed as editable; of an installation, its site-packages."""

STUDIES: Final = BUILD / "tune"
"""Studies of the fine-tuning's settings, a folder for each."""

SCREENINGS: Final = BUILD / "screen"
CANDIDATES: Final = BUILD / "candidates"
VERIFICATIONS: Final = BUILD / "verify"
"""What was screened, what was chosen from it, and what was prepared to check a choice."""

LABELS: Final = BUILD / "labels"
PRETRAINED: Final = BUILD / "pretrain"
PREDICTOR: Final = "predictor"
"""Name of a folder with a model and its calibration set, among the files of a recipe and of a registered model."""

PHONONS: Final = LABELS / "phonons"
"""Phonons of data sets' crystals under a potential, at their own cells, a folder per data set."""

KNOWN_LABELS: Final = LABELS / "kappa_known"
"""The same at the cells that the potential relaxes them to."""


def built(recipe_name: str) -> Path:
    """Return the folder of what a recipe's stage writes."""
    return BUILD / recipe_name.lower()
