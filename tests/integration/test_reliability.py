"""A sample of what ``python -m tests.reliability`` tries in full: commands that are killed, stopped or out of space."""

import os
import re
import subprocess
import sys

from tests.pipeline import ROOT


def test_interrupted_commands_end_as_if_nothing_had_been() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability", "small"],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^(\d+) interruptions, 0 failed", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    assert int(found[1]) == 16  # four commands, four blows
