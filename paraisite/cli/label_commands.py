"""Verbs of the project's own labels."""

from typing import Annotated, Final

import typer

from paraisite.cli.options import N_CORE, Processes, dataset_of, list_choices, one_of
from paraisite.core.progress import show_work
from paraisite.labels import TIERS
from paraisite.training.recipes import FINAL_DATASETS

TABLES: Final = ("lab", "kappa")

PhononDataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        parser=dataset_of(FINAL_DATASETS),
        metavar="DATASET",
        help="Data set whose crystals tiers kappa_known and phonons compute: "
        f"{list_choices(FINAL_DATASETS, 'one of yours')}.",
    ),
]
PotentialName = Annotated[
    str | None,
    typer.Option(
        "--potential",
        metavar="NAME",
        help="Potential of tiers kappa, kappa_known, phonons and settings, e.g. 7net-l3i5. "
        "[default: lab.kappa_potential in params.yaml]",
    ),
]


def label(
    tier: Annotated[
        str,
        typer.Argument(parser=one_of(TIERS), metavar="TIER", help=f"Tier of labels: {list_choices(TIERS)}."),
    ],
    processes: Processes = N_CORE,
    keep: Annotated[
        bool, typer.Option(help="Commit and push finished parts with DVC every half hour and at the end.")
    ] = True,
    dataset: PhononDataset = "togo15",
    potential: PotentialName = None,
    only_forces: Annotated[
        bool,
        typer.Option(
            "--only-forces",
            help="Tiers kappa and kappa_known: compute forces alone, into build/labels/forces/, where `label` without "
            "it takes them up: for a machine with a CUDA device, whose processors would be what takes long.",
        ),
    ] = False,
) -> None:
    """Compute labels with a machine-learned potential.

    Takes hours; a killed run resumes. Labels are in build/labels/TIER/.
    """
    with show_work("Loading"):
        from paraisite.workflows import label

    label.label_crystals(
        tier, n_process=processes, keep=keep, dataset=dataset, potential=potential, only_forces=only_forces
    )


def build_labels(
    tables: Annotated[
        str,
        typer.Argument(parser=one_of(TABLES), metavar="|".join(TABLES), help="lab: tier slack; kappa: tier kappa."),
    ] = "lab",
) -> None:
    """Build the data sets of the project's own labels.

    Tables, figures and data sheet in build/lab/ or build/kappa/, from the labels in build/labels/.
    """
    with show_work("Loading"):
        from paraisite.workflows import build_labels

    if tables == "kappa":
        build_labels.build_kappa()
    else:
        build_labels.build_labels()


VERBS: Final = (label, build_labels)
