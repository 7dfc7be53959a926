"""Loops that Numba compiles when they are first called."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit


def compile_loops(function: Callable[..., Any], *, reorders_sums: bool = False) -> Callable[..., Any]:
    """Let Numba compile a function when it is first called, and keep it where there is a folder for that.

    Args:
        function: In the part of Python that Numba knows.
        reorders_sums: Whether sums may be taken in any order, which fills vector registers.
    """
    compiled = njit(fastmath=reorders_sums)(function)
    with suppress(RuntimeError):  # neither the package's folder nor the user's is writable
        compiled.enable_caching()
    return compiled
