"""Labelling campaigns: parts worked off by processes side by side, one file each, resumed after any interruption.

A part's file is written once, whole, and holds nothing that depends on time or machine load; a campaign that was
killed and started again therefore ends with the same files as one that ran through.
"""

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import pandas as pd
import pyarrow as pa

from paraisite.core.parquet_files import COMPACT, write_parquet
from paraisite.core.plan_file import claim_plan
from paraisite.core.plan_file import read_plan as read_plan_file
from paraisite.core.progress import ignore_progress
from paraisite.core.workers import WorkerPool
from paraisite.errors import DataError, MissingInputError
from paraisite.labels.potential import load_calculator, package_versions

PLAN_FILE: Final = "campaign.json"
STRUCTURES_SHA256: Final = "structures_sha256"
"""Key of a plan: of the crystals that a campaign is about, where these are a data set's."""

VERSIONS: Final = "versions"
"""Of the packages that the campaign was begun with; metadata, not compared."""

_LOST: Final = "a labelling process was ended from outside (out of memory?); the same command goes on where it stopped"

Row = dict[str, Any]
LabelPart = Callable[[Any, Any], list[Row]]
"""(items of a part, ASE calculator) -> rows. A module's function: it is sent to other processes."""


class OnPart(Protocol):
    """Called for every part that is done."""

    def __call__(self, *, n_done: int, n_part: int, rows: Sequence[Row]) -> None:
        """Take note of a part.

        Args:
            n_done: Parts done, those of earlier runs among them.
            n_part: All parts.
            rows: Rows of this part; empty at the start, when there is only ``n_done``.
        """


@dataclass(frozen=True)
class CampaignPart:
    """A share of a campaign.

    Attributes:
        name: Of its file, without suffix.
        items: What the labelling function receives.
    """

    name: str
    items: Any


OnEstimate = Callable[[int, int], None]
"""Called with the number of costs that are estimated, and of all."""


class OrderParts(Protocol):
    """Chooses which part comes next."""

    def __call__(
        self, parts: Sequence[CampaignPart], done: Collection[str], *, on_estimate: OnEstimate
    ) -> Sequence[CampaignPart]:
        """Return the parts that are missing, in the order in which they are taken.

        Args:
            parts: All of the campaign.
            done: Names of those that are done.
            on_estimate: Progress, where the order takes long to find.
        """


def list_missing(
    parts: Sequence[CampaignPart], done: Collection[str], *, on_estimate: OnEstimate = ignore_progress
) -> list[CampaignPart]:
    """Return the parts that are missing, as they come."""
    del on_estimate
    return [part for part in parts if part.name not in done]


def run_campaign(
    parts: Sequence[CampaignPart],
    label: LabelPart,
    *,
    folder: Path,
    plan: Mapping[str, Any],
    potential: str,
    n_process: int,
    on_part: OnPart,
    order: OrderParts = list_missing,
    on_estimate: OnEstimate = ignore_progress,
) -> None:
    """Label all parts that have no file yet.

    Args:
        parts: All of the campaign.
        label: Computes the rows of a part.
        folder: Where the files lie, one parquet table per part.
        plan: What the rows depend on; a folder that was begun with another plan is refused.
        potential: Name that ``load_calculator`` knows.
        n_process: Processes side by side, one thread each.
        on_part: Progress.
        order: Chooses which missing part comes next.
        on_estimate: Progress of the order.

    Raises:
        DataError: The folder holds another campaign.
        ParaisiteError: A process died.
    """
    claim_folder(folder, plan)
    done = {part.name for part in parts if _file(folder, part.name).exists()}
    n_done = len(done)
    on_part(n_done=n_done, n_part=len(parts), rows=())
    if n_done == len(parts):
        return
    load_calculator(potential)  # a missing package is reported here, once, not by every process
    missing = order(parts, done, on_estimate=on_estimate)
    with WorkerPool(n_process, partial(_load_quietly, potential), if_lost=_LOST) as pool:
        for part, rows in pool.imap_unordered(partial(_label_part, label), missing):
            _write_rows(rows, _file(folder, part.name))
            n_done += 1
            on_part(n_done=n_done, n_part=len(parts), rows=rows)


def claim_folder(folder: Path, plan: Mapping[str, Any]) -> None:
    """Write the plan of a campaign into its folder, or check that it is the one that the folder was begun with.

    Raises:
        DataError: The folder holds another campaign.
    """
    claim_plan(folder / PLAN_FILE, plan, metadata={VERSIONS: package_versions()})


def has_parts(folder: Path) -> bool:
    """Return whether a campaign's folder is there and holds a part."""
    return any(folder.glob("*.parquet"))


def read_parts(folder: Path) -> pd.DataFrame:
    """Return the rows of all parts of a campaign, finished or not, in order of their names.

    Raises:
        MissingInputError: There is no part.
        DataError: One is damaged.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise MissingInputError(f"{folder} holds no labels: run the campaign first")
    return pd.concat([_read_part(file) for file in files], ignore_index=True)


def read_row(file: Path) -> dict[str, Any]:
    """Return the row of a part that has one.

    Raises:
        DataError: It is damaged.
    """
    table = _read_part(file)
    if len(table) != 1:
        raise DataError(f"{file} holds {len(table)} rows, expected one: delete it and start the campaign again")
    return {str(name): value for name, value in table.iloc[0].items()}


def _read_part(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is damaged ({error}): delete it and start the campaign again") from error


def part_name(number: int) -> str:
    """Return a numbered part's name."""
    return f"part-{number:05d}"


def read_plan(folder: Path) -> dict[str, Any]:
    """Return what the rows of a campaign depend on.

    Raises:
        DataError: It is missing or damaged.
    """
    return read_plan_file(folder / PLAN_FILE)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"


def _write_rows(rows: list[Row], path: Path) -> None:
    # Without pandas' and Arrow's descriptions of the columns, a fifth of so small a table.
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False).replace_schema_metadata(None)
    write_parquet(table, path, store_schema=False, **COMPACT)


def _load_quietly(potential: str) -> Any:
    warnings.filterwarnings("ignore")  # libraries warn per structure; what matters becomes a row's reason
    return load_calculator(potential)


def _label_part(label: LabelPart, calculator: Any, part: CampaignPart) -> list[Row]:
    return label(part.items, calculator)
