"""Verbs of the project's own labels."""

import os
from typing import Annotated, Final

import typer

from paraisite.cli.options import FinalDataset, one_of
from paraisite.labels import TIERS


def label(
    tier: Annotated[str, typer.Argument(parser=one_of(TIERS), metavar="|".join(TIERS), help="What to label.")],
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes side by side, one thread each. [default: all cores]")
    ] = os.cpu_count() or 1,
    keep: Annotated[
        bool, typer.Option(help="Put finished parts into the DVC store every half hour and at the end.")
    ] = True,
    dataset: FinalDataset = "togo15",
) -> None:
    """Compute labels with a machine-learned potential into build/labels/: hours; a killed run goes on."""
    from paraisite.workflows import label

    label.label_crystals(tier, n_process=processes, keep=keep, dataset=dataset)


def build_labels() -> None:
    """Make the lab tables in build/lab/ of the labels in build/labels/."""
    from paraisite.workflows import build_labels

    build_labels.build_labels()


VERBS: Final = (label, build_labels)
