"""The megnet package itself, made to run beside current versions of what it needs.

For interchange and comparison only. Reading and writing MEGNet's files needs none of this.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from paraisite.errors import ParaisiteError

_RENAMED_NEIGHBOUR_CLASSES: Final = {
    "BrunnerNN_real": "BrunnerNNReal",
    "BrunnerNN_reciprocal": "BrunnerNNReciprocal",
    "BrunnerNN_relative": "BrunnerNNRelative",
}


def load_with_megnet(path: Path) -> Any:
    """Open a model with the megnet package and return its ``GraphModel``.

    Sets ``TF_USE_LEGACY_KERAS``, so call it in a process of its own: TensorFlow must not have been imported before.

    Raises:
        ParaisiteError: TensorFlow with Keras 3 is loaded already, or a package is missing.
    """
    prepare_megnet()
    from megnet.models import MEGNetModel

    return MEGNetModel.from_file(str(path))


def prepare_megnet() -> None:
    """Let ``import megnet`` work in this process: Keras 2, and pymatgen's former class names.

    Raises:
        ParaisiteError: TensorFlow with Keras 3 is loaded already, or a package is missing.
    """
    if os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        if "tensorflow" in sys.modules:
            raise ParaisiteError(
                "megnet needs Keras 2, but this process has loaded TensorFlow with Keras 3: use a new process, or set "
                "TF_USE_LEGACY_KERAS=1 before TensorFlow is imported"
            )
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    from pymatgen.analysis import local_env

    for old, new in _RENAMED_NEIGHBOUR_CLASSES.items():
        if not hasattr(local_env, old):
            setattr(local_env, old, getattr(local_env, new))
    try:
        import megnet.models  # noqa: F401
        import tf_keras  # noqa: F401
    except ImportError as error:
        raise ParaisiteError(f"the megnet package cannot be imported ({error}): install megnet and tf-keras") from error
