"""Memory that arrays have left is kept, where the C library can be told to."""

import ctypes
import os
import platform
import subprocess
import sys

import pytest

from paraisite.core.heap import keep_freed_memory

COUNT_FAULTS = """
import resource
import numpy as np
from paraisite.core.heap import keep_freed_memory

if {kept}:
    keep_freed_memory()

def work():
    for _ in range(20):
        [np.ones(200_000) for _ in range(30)]

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(*, kept: bool) -> int:
    # What the environment says of malloc would count as well.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    program = [sys.executable, "-c", COUNT_FAULTS.format(kept=kept)]
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_arrays_take_the_pages_of_those_before() -> None:
    assert keep_freed_memory()
    assert count_faults(kept=True) < 0.1 * count_faults(kept=False)


def test_where_the_c_library_is_another_one_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: None) -> None:
        raise TypeError("as on Windows")

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert not keep_freed_memory()
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not keep_freed_memory()
