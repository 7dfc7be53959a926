"""Machine-learned potentials by name, as ASE calculators."""

import importlib.metadata
import re
from importlib.util import find_spec
from typing import Any, Final

from paraisite.core.extras import install_command
from paraisite.data.sources.nequix_weights import resolve_nequix_weights
from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels.named_code import call_named_function

SEVENNET: Final = ("7net-0", "7net-l3i5")
"""Potentials whose weights are in sevenn's wheel; the second is the more accurate and takes three times as long."""

NEQUIX: Final = ("nequix-mp-1-pft", "nequix-mp-1-pft-float64")
"""Nequix, its phonons fine-tuned on second derivatives of DFT; the second name evaluates it in double precision. Its
fine-tuning saw harmonic force constants of compounds like Togo15's, never a conductivity."""

INSTALL_NEQUIX: Final = install_command("refine", package="nequix")

_PACKAGES: Final = (
    "sevenn", "torch", "nequix", "jax", "ase", "phonopy", "phono3py", "symfc", "pymatgen", "spglib", "numpy"
)  # fmt: skip


_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""How a function of the user's is named."""


def check_potential(name: str) -> None:
    """Raise if there is no potential of a name: asked before a folder is named by it.

    Raises:
        ConfigError: It is none that ``load_calculator`` knows, nor "module:function".
    """
    if name in (*SEVENNET, *NEQUIX):
        return
    if not _FUNCTION.fullmatch(name):
        known = ", ".join((*SEVENNET, *NEQUIX))
        raise ConfigError(f"unknown potential {name!r}: expected {known} or 'module:function'")


def load_calculator(name: str) -> Any:
    """Return the ASE calculator of a potential; it needs energy, forces and stress.

    Args:
        name: One of ``SEVENNET`` or ``NEQUIX``, or "module:function" where the function, called without arguments,
            returns any ASE calculator; it has to be allowed, see ``named_code``.

    Raises:
        ConfigError: There is no potential of this name, or it is not allowed.
        MissingInputError: The package that holds it is not installed, or its weights are nowhere to be had.
    """
    if name in SEVENNET:
        return _load_sevennet(name)
    if name in NEQUIX:
        return _load_nequix(name)
    check_potential(name)
    return call_named_function(name)


def _load_sevennet(name: str) -> Any:
    try:
        import torch

        from paraisite.labels.compiled_sevennet import sevennet_calculator
    except ImportError as error:
        raise MissingInputError(f"potential {name} is not installed ({error}): {install_command('lab')}") from error
    torch.set_num_threads(1)  # small cells: a process per core beats threads, and sums keep their order
    return sevennet_calculator(name)


def _load_nequix(name: str) -> Any:
    try:
        import torch

        from paraisite.labels.nequix_potential import NequixCalculator
    except ImportError as error:
        raise MissingInputError(f"potential {name} needs: {INSTALL_NEQUIX} ({error})") from error
    torch.set_num_threads(1)
    return NequixCalculator(resolve_nequix_weights(), in_double_precision=name.endswith("-float64"))


def require_potential(name: str) -> None:
    """Raise if a package that phonons under a potential need is not installed, or its weights are nowhere to be had.

    Asked before hours of other work, without importing anything. Of a function of the user's own nothing is known.

    Raises:
        MissingInputError: The message says what to install, or where weights were looked for.
        WeightsError: What is named as weights, or was downloaded, is not the published file.
    """
    needed, install = ["phono3py", "ase"], install_command("refine")
    if name in NEQUIX:
        needed, install = [*needed, "torch", "nequix"], INSTALL_NEQUIX
    elif name in SEVENNET:
        needed, install = [*needed, "torch", "sevenn"], install_command("lab")
    if missing := [package for package in needed if find_spec(package) is None]:
        raise MissingInputError(f"potential {name} needs: {install} (no package {', '.join(missing)})")
    if name in NEQUIX:
        resolve_nequix_weights()


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that labels depend on, as far as they are installed."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
