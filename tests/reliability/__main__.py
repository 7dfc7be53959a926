"""``python -m tests.reliability``: all of it in full; ``small``: the sample that the tests run."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.reliability.faults import FAULTS, NEED_MOUNT, can_mount
from tests.reliability.interruptions import Failure, Rehearsal
from tests.reliability.moments import Blow, Hit
from tests.reliability.scenarios import SCENARIOS, warm_up

_SMALL: Final = "small"
_N_SMALL: Final = 1
_N_OF_SLOW: Final = 30
_SLOW: Final = ("first registration", "registration", "fit")
"""Scenarios of many moments, all of them alike, and of seconds each: an even choice of moments is hit."""

Tries = Iterator[tuple[str, list[Failure]]]


def main(arguments: list[str]) -> int:
    """Try everything, print counts and failures; return 0 where there was none."""
    is_small = _SMALL in arguments
    warm_up()
    chosen = [name for name in SCENARIOS if name in arguments] or [
        name for name in SCENARIOS if not (is_small and name in _SLOW)
    ]
    counts: Counter[tuple[str, str]] = Counter()
    n_failed, began = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        faults = [kind for kind in FAULTS if kind not in NEED_MOUNT or can_mount(root / "mount")]
        for name in chosen:
            rehearsal = Rehearsal(name, root)
            for kind, failures in _try_all(rehearsal, faults, is_small=is_small):
                counts[name, kind] += 1
                n_failed += bool(failures)
                for failure in failures:
                    print(failure, flush=True)
    _print_counts(counts, chosen)
    print(f"{counts.total()} interruptions, {n_failed} failed, {time.monotonic() - began:.0f} s")
    return int(n_failed > 0)


def _try_all(rehearsal: Rehearsal, faults: list[str], *, is_small: bool) -> Tries:
    for blow in Blow:
        for hit in _choose(rehearsal, blow, is_small=is_small):
            yield blow, rehearsal.try_hit(hit)
    for kind in faults:
        if not is_small:
            for failures in FAULTS[kind](rehearsal):
                yield kind, failures


def _choose(rehearsal: Rehearsal, blow: Blow, *, is_small: bool) -> list[Hit]:
    """Return all moments of a blow, or so many of them, evenly."""
    hits = [hit for hit in rehearsal.hits() if hit.blow is blow]
    n = _N_SMALL if is_small else _N_OF_SLOW if rehearsal.name in _SLOW else len(hits)
    n = min(n, len(hits))
    return [hits[(2 * number + 1) * len(hits) // (2 * n)] for number in range(n)]


def _print_counts(counts: Counter[tuple[str, str]], scenarios: list[str]) -> None:
    kinds = list(dict.fromkeys(kind for _, kind in counts))
    print("|", " | ".join(["", *scenarios]), "|")
    print("| --- |", " ---: |" * len(scenarios))
    for kind in kinds:
        print("|", " | ".join([kind, *(str(counts[name, kind]) for name in scenarios)]), "|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
