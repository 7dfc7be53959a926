"""Processes by name: alive, gone, or of a machine that nobody here knows."""

import subprocess
import sys

from paraisite.core.process_names import is_gone, name_process


def test_this_process_lives_and_one_that_ended_is_gone() -> None:
    assert not is_gone(name_process())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = name_process().rpartition("-")[0]
    assert is_gone(f"{host}-{ended.pid}")


def test_of_other_machines_and_of_other_names_nothing_is_known() -> None:
    host = name_process().rpartition("-")[0]
    for name in ("another-machine-99999999", f"{host}-x", host, "", f"{host}-{10**30}"):
        assert not is_gone(name)
    assert "." not in name_process()
