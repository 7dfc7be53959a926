"""One thread for small products of matrices: others would wait for each other longer than they work."""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def use_one_blas_thread() -> AbstractContextManager[Any]:
    """Return what keeps NumPy's and SciPy's products on one thread inside ``with``."""
    limited: AbstractContextManager[Any] = _find_libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _find_libraries() -> ThreadpoolController:
    return ThreadpoolController()
