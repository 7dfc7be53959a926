"""A sample of what ``python -m tests.reliability`` tries in full: interrupted commands and damaged files."""

import os
import re
import subprocess
import sys

from tests.pipeline import ROOT


def test_interrupted_commands_end_as_if_nothing_had_been_and_damaged_files_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability", "small"],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^(\d+) interruptions, 0 failed; (\d+) damaged files, 0 failed", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    n_interruption, n_damaged = map(int, found.groups())
    assert n_interruption == 16  # four commands, four blows
    assert n_damaged > 200
