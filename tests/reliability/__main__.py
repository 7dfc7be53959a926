"""Commands that are interrupted and files that are damaged: counts, and what failed.

``python -m tests.reliability`` tries all of it, in about half an hour on two cores, and writes its counts into
docs/reliability.md. ``python -m tests.reliability small`` is the sample that the tests run; names of scenarios and of
kinds of files leave the others out. Counts of a commit are kept in the cache: what was tried of it, by name or by a run
that was stopped, is not tried again.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from paraisite.core.files import cache_folder
from tests.pipeline import ROOT
from tests.reliability.damage import Outcome, read_damaged
from tests.reliability.faults import FAULTS, NEED_MOUNT, can_mount
from tests.reliability.formats import KINDS
from tests.reliability.interruptions import Failure, Rehearsal
from tests.reliability.moments import Blow, Hit
from tests.reliability.parts import DIRTY, KeptParts, Part
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


def main(arguments: list[str]) -> int:
    """Try everything, print counts and failures; return 0 where there was none."""
    if {"-h", "--help"} & {*arguments}:
        print(__doc__, f"names: {', '.join((*SCENARIOS, *KINDS))}", sep="\n")
        return 0
    is_small, named = SMALL in arguments, set(arguments) - {SMALL}
    if unknown := named - {*SCENARIOS, *KINDS}:
        print(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join((*SCENARIOS, *KINDS))}")
        return 2
    commit = _read_commit()
    scenarios = [name for name in SCENARIOS if name in named or not (named or (is_small and name in _N_OF_SLOW))]
    kinds = [name for name in KINDS if name in named or not (named or (is_small and name in _SLOW_KINDS))]
    with tempfile.TemporaryDirectory() as folder:
        kept = KeptParts(commit, Path(folder)) if is_small else KeptParts(commit, cache_folder("reliability"))
        if any(not kept.has(name) for name in scenarios):
            warm_up(with_store=not set(scenarios).isdisjoint(_N_OF_SLOW))
        faults = [] if is_small else _list_faults(Path(folder))
        interrupted = {
            name: kept.count(name, partial(_interrupt, name, Path(folder), faults, is_small=is_small))
            for name in scenarios
        }
        n = _N_DAMAGED_SMALL if is_small else _N_DAMAGED
        damaged = {name: kept.count(name, partial(_damage, name, Path(folder), n=n)) for name in kinds}
    tried = [kind for kind in (*Blow, *FAULTS) if any(kind in part.counts for part in interrupted.values())]
    lines = [
        f"{_sum_up(interrupted, 'interruptions')}; {_sum_up(damaged, 'damaged files')}; "
        f"{sum(part.seconds for part in (*interrupted.values(), *damaged.values())):.0f} s.",
        "",
        *_tabulate(
            {(name, key): n for name, part in interrupted.items() for key, n in part.counts.items()}, scenarios, tried
        ),
        "",
        *_tabulate(
            {(key, name): n for name, part in damaged.items() for key, n in part.counts.items()}, list(Outcome), kinds
        ),
    ]
    print("\n".join(lines))
    if not (is_small or named):
        _write_page(lines, commit)
    return int(any(part.n_failed for part in (*interrupted.values(), *damaged.values())))


def _sum_up(parts: Mapping[str, Part], noun: str) -> str:
    n, n_failed = (
        sum(each)
        for each in ((sum(part.counts.values()) for part in parts.values()), (part.n_failed for part in parts.values()))
    )
    return f"{n} {noun}, {n_failed} failed"


def _list_faults(root: Path) -> list[str]:
    return [kind for kind in FAULTS if kind not in NEED_MOUNT or can_mount(root / "mount")]


def _interrupt(name: str, root: Path, faults: list[str], *, is_small: bool) -> Part:
    counts, n_failed, began = Counter[str](), 0, time.monotonic()
    for kind, failures in _try_all(Rehearsal(name, root), faults, is_small=is_small):
        counts[kind] += 1
        n_failed += bool(failures)
        for failure in failures:
            print(failure, flush=True)
    return Part(dict(counts), n_failed, time.monotonic() - began)


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


def _damage(kind: str, root: Path, *, n: int) -> Part:
    counts, began = Counter[str](), time.monotonic()
    for reading in read_damaged(kind, n, root):
        counts[reading.outcome] += 1
        if reading.outcome is Outcome.FAILED:
            print(f"{kind}, damaged file {reading.number}: {reading.what}", flush=True)
    return Part(dict(counts), counts[Outcome.FAILED], time.monotonic() - began)


def _tabulate(counts: Mapping[tuple[str, str], int], columns: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Return a table for Markdown of counts by column and row."""
    body = [[row, *(str(counts.get((name, row), 0)) for name in columns)] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [["", *columns], ["---", *("---:" for _ in columns)], *body]]


def _read_commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        or f"unknown{DIRTY}"
    )


def _write_page(lines: list[str], commit: str) -> None:
    when = f"Result of {datetime.now(UTC):%d %B %Y}, commit {commit}, two cores:\n\n"
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
