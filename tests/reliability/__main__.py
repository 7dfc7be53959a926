"""Commands that are interrupted and files that are damaged: counts, and what failed.

``python -m tests.reliability`` tries all of it, in about half an hour on two cores, and writes its counts into
docs/reliability.md. ``python -m tests.reliability small`` is the sample that the tests run; names of scenarios and of
kinds of files leave the others out.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.pipeline import ROOT
from tests.reliability.damage import Outcome, read_damaged
from tests.reliability.faults import FAULTS, NEED_MOUNT, can_mount
from tests.reliability.formats import KINDS
from tests.reliability.interruptions import Failure, Rehearsal
from tests.reliability.moments import Blow, Hit
from tests.reliability.scenarios import SCENARIOS, warm_up

SMALL: Final = "small"
PAGE: Final = ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- counts -->\n", "<!-- end of counts -->\n"
_N_OF_SLOW: Final = {"first registration": 3, "registration": 3, "fit": 4}
"""Scenarios of many moments, all of them alike, and of seconds each: how many moments are hit, evenly chosen."""

_N_DAMAGED: Final = 250
_N_DAMAGED_SMALL: Final = 10
_SLOW_KINDS: Final = ("predictor", "MEGNet's HDF5", "store")
"""Kinds that take seconds to make or to read undamaged: left out of the small sample."""

Counts = Counter[tuple[str, str]]


def main(arguments: list[str]) -> int:
    """Try everything, print counts and failures; return 0 where there was none."""
    is_small, named = SMALL in arguments, set(arguments) - {SMALL}
    if unknown := named - {*SCENARIOS, *KINDS}:
        print(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join((*SCENARIOS, *KINDS))}")
        return 2
    began, commit = time.monotonic(), _read_commit()
    scenarios = [name for name in SCENARIOS if name in named or not (named or (is_small and name in _N_OF_SLOW))]
    warm_up(with_store=not set(scenarios).isdisjoint(_N_OF_SLOW))
    kinds = [name for name in KINDS if name in named or not (named or (is_small and name in _SLOW_KINDS))]
    with tempfile.TemporaryDirectory() as folder:
        interruptions, n_failed = _interrupt(scenarios, Path(folder), is_small=is_small)
        damaged = _damage(kinds, Path(folder), n=_N_DAMAGED_SMALL if is_small else _N_DAMAGED)
    n_failed_readings = sum(n for (_, outcome), n in damaged.items() if outcome == Outcome.FAILED)
    tried = [kind for kind in (*Blow, *FAULTS) if any(kind in key for key in interruptions)]
    of_kinds = {(outcome, kind): n for (kind, outcome), n in damaged.items()}
    lines = [
        f"{interruptions.total()} interruptions, {n_failed} failed; {damaged.total()} damaged files, "
        f"{n_failed_readings} failed; {time.monotonic() - began:.0f} s.",
        "",
        *_tabulate(interruptions, scenarios, tried),
        "",
        *_tabulate(of_kinds, list(Outcome), kinds),
    ]
    print("\n".join(lines))
    if not (is_small or named):
        _write_page(lines, commit)
    return int(n_failed + n_failed_readings > 0)


def _interrupt(scenarios: list[str], root: Path, *, is_small: bool) -> tuple[Counts, int]:
    counts, n_failed = Counts(), 0
    faults = [] if is_small else [kind for kind in FAULTS if kind not in NEED_MOUNT or can_mount(root / "mount")]
    for name in scenarios:
        for kind, failures in _try_all(Rehearsal(name, root), faults, is_small=is_small):
            counts[name, kind] += 1
            n_failed += bool(failures)
            for failure in failures:
                print(failure, flush=True)
    return counts, n_failed


def _try_all(rehearsal: Rehearsal, faults: list[str], *, is_small: bool) -> Iterator[tuple[str, list[Failure]]]:
    for blow in Blow:
        for hit in _choose(rehearsal, blow, is_small=is_small):
            yield blow, rehearsal.try_hit(hit)
    for kind in faults:
        for failures in FAULTS[kind](rehearsal):
            yield kind, failures


def _choose(rehearsal: Rehearsal, blow: Blow, *, is_small: bool) -> list[Hit]:
    """Return all moments of a blow, or so many of them, evenly."""
    hits = [hit for hit in rehearsal.hits() if hit.blow is blow]
    n = 1 if is_small else min(_N_OF_SLOW.get(rehearsal.name, len(hits)), len(hits))
    return [hits[(2 * number + 1) * len(hits) // (2 * n)] for number in range(n)]


def _damage(kinds: list[str], root: Path, *, n: int) -> Counts:
    counts = Counts()
    for kind in kinds:
        for reading in read_damaged(kind, n, root):
            counts[kind, reading.outcome] += 1
            if reading.outcome is Outcome.FAILED:
                print(f"{kind}, damaged file {reading.number}: {reading.what}", flush=True)
    return counts


def _tabulate(counts: Mapping[tuple[str, str], int], columns: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Return a table for Markdown of counts by column and row."""
    body = [[row, *(str(counts.get((name, row), 0)) for name in columns)] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [["", *columns], ["---", *("---:" for _ in columns)], *body]]


def _read_commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout or "unknown"


def _write_page(lines: list[str], commit: str) -> None:
    when = f"Result of {datetime.now(UTC):%d %B %Y}, commit {commit.strip()}, two cores:\n\n"
    text, n = re.subn(
        f"(?<={re.escape(_BEGIN)}).*(?={re.escape(_END)})",
        lambda _: f"\n{when}" + "\n".join(lines) + "\n\n",
        PAGE.read_text(),
        flags=re.DOTALL,
    )
    if n != 1:
        raise ValueError(f"{PAGE} has no place for counts")
    PAGE.write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
