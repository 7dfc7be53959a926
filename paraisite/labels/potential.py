"""Machine-learned potentials by name, as ASE calculators."""

import importlib.metadata
from typing import Any, Final

from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels.named_code import call_named_function

SEVENNET: Final = ("7net-0", "7net-l3i5")
"""Potentials whose weights are in sevenn's wheel; the second is the more accurate and takes three times as long."""

_PACKAGES: Final = ("sevenn", "torch", "ase", "phonopy", "phono3py", "symfc", "pymatgen", "spglib", "numpy")


def load_calculator(name: str) -> Any:
    """Return the ASE calculator of a potential; it needs energy, forces and stress.

    Args:
        name: One of ``SEVENNET``, or "module:function" where the function, called without arguments, returns any ASE
            calculator; it has to be allowed, see ``named_code``.

    Raises:
        ConfigError: There is no potential of this name, or it is not allowed.
        MissingInputError: The package that holds it is not installed.
    """
    if name in SEVENNET:
        try:
            import torch

            from paraisite.labels.compiled_sevennet import sevennet_calculator
        except ImportError as error:
            raise MissingInputError(
                f"potential {name} needs the extra 'lab': pip install '.[lab]' ({error})"
            ) from error
        torch.set_num_threads(1)  # small cells: a process per core beats threads, and sums keep their order
        return sevennet_calculator(name)
    if ":" not in name:
        raise ConfigError(f"unknown potential {name!r}: expected {', '.join(SEVENNET)} or 'module:function'")
    return call_named_function(name)


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that labels depend on, as far as they are installed."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
