"""Printed tables."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from rich.table import Table

from benchmarks.protocol import (
    GRAPHS_FULL,
    GRAPHS_QUOTIENT,
    GRAPHS_QUOTIENT_ARRAYS,
    PREDICT_BATCH,
    PREDICT_DEFAULT,
    PREDICT_GRAPHS,
    PREDICT_SINGLE,
    nine_members,
    train_task,
)

Rates = Mapping[tuple[str, str], Sequence[float]]
"""Structures per second of every round, by (worker, task)."""

PEERS: Final = ("megnet", "matgl")

_COMPARISONS: Final = (
    ("graphs, full", "ours", GRAPHS_FULL, GRAPHS_FULL),
    ("graphs, quotient", "ours", GRAPHS_QUOTIENT, GRAPHS_FULL),
    ("training, batch 8, one member", "ours, 1 member", train_task(8), train_task(8)),
    ("training, batch 8, nine members", "ours, 9 members", train_task(8), train_task(8)),
    ("training, batch 128, one member", "ours, 1 member", train_task(128), train_task(128)),
    ("training, batch 128, nine members", "ours, 9 members", train_task(128), train_task(128)),
    ("prediction, one by one, default model", "ours", PREDICT_SINGLE, PREDICT_SINGLE),
    ("prediction, one by one, nine networks", "ours", nine_members(PREDICT_SINGLE), PREDICT_SINGLE),
    ("prediction in batch, default model", "ours", PREDICT_DEFAULT, PREDICT_BATCH),
    ("prediction in batch, one network", "ours", PREDICT_BATCH, PREDICT_BATCH),
    ("prediction in batch, nine networks", "ours", nine_members(PREDICT_BATCH), PREDICT_BATCH),
)
"""Row title, our worker, its task, and the peers' task, which is always one network's."""

_OWN: Final = (
    ("graphs, full", "ours, whole table", GRAPHS_FULL),
    ("graphs, quotient", "ours, whole table", GRAPHS_QUOTIENT),
    ("graphs, quotient, without pymatgen objects", "ours, whole table", GRAPHS_QUOTIENT_ARRAYS),
    ("training, batch 8, nine members", "ours, 9 members, whole table", train_task(8)),
    ("training, batch 128, nine members", "ours, 9 members, whole table", train_task(128)),
    ("prediction from structures, one member", "ours, whole table", PREDICT_BATCH),
    ("prediction from structures, nine members", "ours, whole table", nine_members(PREDICT_BATCH)),
    ("prediction from graphs, one member", "ours, whole table", PREDICT_GRAPHS),
    ("prediction from graphs, nine members", "ours, whole table", nine_members(PREDICT_GRAPHS)),
)


def comparison_table(rates: Rates) -> Table:
    """Return ours beside the peers' on the shared records, and the ratio to the better peer."""
    table = Table(title="structures/s on the shared records: best (median) of the rounds")
    table.add_column("")
    for title in ("ours", *PEERS, "ours / better peer"):
        table.add_column(title, justify="right")
    for title, worker, task, peer_task in _COMPARISONS:
        ours = rates.get((worker, task), ())
        peers = [rates.get((peer, peer_task), ()) for peer in PEERS]
        if ours:
            table.add_row(title, _rate(ours), *map(_rate, peers), _ratio(ours, [peer for peer in peers if peer]))
    return table


def own_table(rates: Rates) -> Table:
    """Return ours on the whole table."""
    table = Table(title="structures/s on the whole table: best (median) of the rounds")
    table.add_column("")
    table.add_column("ours", justify="right")
    for title, worker, task in _OWN:
        if found := rates.get((worker, task)):
            table.add_row(title, _rate(found))
    return table


def profile_table(batch_size: int, parts: Mapping[str, float], about: Mapping[str, Any], *, n_core: int) -> Table:
    """Return where an epoch's time goes."""
    total = list(parts.values())[-1]
    rate = about["n_train"] / total * 1e3
    table = Table(
        title=f"batch {batch_size}: one epoch of one member over the whole table, one core, nothing beside it",
        caption=(
            f"choosing shapes {about['shapes_seconds']:.1f} s, compilation {about['compile_seconds']:.0f} s once per "
            f"worker; {rate:,.0f} structures/s, times {n_core} cores {n_core * rate:,.0f} if cores did not share memory"
        ),
    )
    for title in ("", "ms", "share"):
        table.add_column(title, justify="right" if title else "left")
    for name, milliseconds in parts.items():
        table.add_row(name, f"{milliseconds:.1f}", f"{milliseconds / total:.0%}")
    return table


def _rate(rates: Sequence[float]) -> str:
    return f"{max(rates):,.0f} ({median(rates):,.0f})" if rates else "–"


def _ratio(ours: Sequence[float], peers: Sequence[Sequence[float]]) -> str:
    if not peers:
        return "–"
    best = max(ours) / max(map(max, peers))
    middle = median(ours) / max(map(median, peers))
    return f"{best:.1f} ({middle:.1f})"
