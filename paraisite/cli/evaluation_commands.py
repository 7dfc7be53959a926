"""Verbs that prepare data, evaluate and compare models, and tune settings."""

import os
from typing import Annotated, Final

import typer

from paraisite.cli.options import (
    CHECKED,
    DATASETS,
    PROTOCOLS,
    SAMPLERS,
    TUNED,
    UNCLEAN,
    AnyDataset,
    FinalDataset,
    TestDataset,
    dataset_of,
    earlier_stages_or,
    list_choices,
    one_of,
    recipe_name,
    whole_number,
)
from paraisite.core.progress import show_work
from paraisite.evaluation.transfer_columns import N_TRAINING


def prepare(dataset: AnyDataset) -> None:
    """Validate a data set, into build/prepare/DATASET/."""
    with show_work("Loading"):
        from paraisite.workflows import prepare

    prepare.prepare_dataset(dataset)


def compare(
    all_trained: Annotated[
        bool, typer.Option("--all", help="Print every recipe that was trained into build/, of both lineages.")
    ] = False,
) -> None:
    """Compare all models under all protocols.

    Tables and figures of the lineage's trainings and of all evaluations, in build/compare/.
    """
    with show_work("Loading"):
        from paraisite.workflows import compare

    compare.compare_models(all_trained=all_trained)


def evaluate(
    protocol: Annotated[
        str,
        typer.Argument(
            parser=one_of(PROTOCOLS),
            metavar="PROTOCOL",
            help=f"{', '.join(UNCLEAN)}; with the suffix -clean, earlier stages are trained without the "
            "formulas of the data set.",
        ),
    ] = "honest",
    dataset: FinalDataset = "togo15",
) -> None:
    """Evaluate all models on held-out rows under a protocol.

    Models: the lineage's networks, baselines and Gaussian processes; into build/evaluate_PROTOCOL/.
    """
    with show_work("Loading"):
        from paraisite.workflows import evaluate

    evaluate.evaluate_models(protocol, dataset)


def overlap(
    training: Annotated[
        str | None,
        typer.Argument(
            parser=earlier_stages_or(dataset_of(DATASETS)),
            metavar="TRAINING",
            help="Training set, as for TEST. [default: those of all earlier stages of the lineage]",
        ),
    ] = None,
    test: TestDataset = "togo15",
) -> None:
    """Find the materials that training and test sets share.

    Counts shared formulas, shared structures and duplicates, and compares the errors on such rows; into build/overlap/.
    """
    with show_work("Loading"):
        from paraisite.workflows import overlap

    overlap.report_overlap(training, test)


def backbones(
    dataset: FinalDataset = "togo15",
    published: Annotated[
        bool, typer.Option("--published", help="Evaluate under the published protocol as well; doubles the time.")
    ] = False,
) -> None:
    """Compare initial weights: published, our own and random.

    Each backbone gets the same head and the same nine splits and is measured on held-out rows; into build/backbones/.
    One that is neither here nor can be downloaded is left out. A killed run resumes when it is started again.
    """
    with show_work("Loading"):
        from paraisite.workflows import backbones as comparison

    comparison.compare_backbones(dataset, published=published)


def tune(
    recipe: Annotated[str, typer.Argument(parser=recipe_name, metavar="RECIPE", help="See `recipes`.")] = "FELABTG15",
    protocol: Annotated[
        str, typer.Option(parser=one_of(TUNED), metavar="|".join(TUNED), help="How the rows are split.")
    ] = "honest",
    trials: Annotated[
        int, typer.Option(min=0, metavar="N", help="Trials of the study in total, finished ones included.")
    ] = 50,
    epochs: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(1),
            metavar="N",
            help="Epochs of each trial. [default: evaluation.training in params.yaml]",
        ),
    ] = None,
    sampler: Annotated[
        str,
        typer.Option(
            parser=one_of(SAMPLERS),
            metavar="|".join(SAMPLERS),
            help="tpe: tree-structured Parzen estimator; qmc: quasi-random points, independent of the results.",
        ),
    ] = "tpe",
    pruning: Annotated[bool, typer.Option(help="Stop trials that are worse than the median at the same epoch.")] = True,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trials in parallel.", show_default="all cores")
    ] = os.cpu_count() or 1,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Database that several machines share. [default: a file in build/tune/]"),
    ] = None,
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the study. [default: made of the options]")
    ] = None,
    apply: Annotated[bool, typer.Option(help="Write the best settings into params.yaml at the end.")] = False,
) -> None:
    """Tune the settings of the fine-tuning on inner folds.

    No test row is used. Results are in build/tune/STUDY/; a stopped study resumes.
    """
    from paraisite.tuning.study_options import SearchOptions

    with show_work("Loading"):
        from paraisite.workflows import tune

    options = SearchOptions(
        protocol=protocol,
        n_trial=trials,
        epochs=epochs,
        sampler=sampler,
        pruning=pruning,
        n_process=processes,
        storage=storage,
        study=study,
        apply=apply,
    )
    tune.tune_recipe(recipe, options)


def check(
    what: Annotated[
        str,
        typer.Argument(
            parser=one_of(CHECKED),
            metavar="WHAT",
            help=f"{list_choices(CHECKED)}.",
        ),
    ],
) -> None:
    """Compare labels and predictions with known values.

    Conductivities of a tier, the settings they are computed with, predictions that such conductivities refine, the
    formation energies of the pretrained network, or the default model's predictions of textbook crystals; into
    build/check_WHAT/.
    """
    with show_work("Loading"):
        from paraisite.workflows import check

    match what:
        case "slack":
            check.check_slack()
        case "formation_energy":
            check.check_formation_energies()
        case "kappa":
            check.check_kappa()
        case "settings":
            check.check_settings()
        case "refined":
            check.check_refined()
        case "textbook":
            check.check_textbook()


def cross_validate(
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Fits in parallel.", show_default="all cores")
    ] = os.cpu_count() or 1,
) -> None:
    """Cross-validate the default model on accurate data.

    Held-out formulas of Phonix, Togo15 and HH143, unseen space groups and structure types, the paper's splits; into
    build/cross_validate/. Takes some ten minutes on two cores; interrupted, the same command goes on.
    """
    with show_work("Loading"):
        from paraisite.workflows import cross_validate

    cross_validate.cross_validate(processes)


def transfer(
    dataset: FinalDataset = "phonix",
    size: Annotated[
        list[int] | None,
        typer.Option(min=30, metavar="N", help="A number of labels, repeatable. [default: 50, 100, 200 and 400]"),
    ] = None,
    trainings: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trainings on each split, of other seeds; their mean counts.")
    ] = N_TRAINING,
) -> None:
    """Measure what earlier stages are worth in labels.

    Networks from random weights, formation energies, approximate conductivities and the project's phonon labels are
    fine-tuned on growing numbers of accurate labels, and measured on held-out formulas and structure types; into
    build/transfer_DATASET/. Starts whose weights are not here are left out (`python -m paraisite train LFEKAPPA` makes
    one). Takes hours; a killed run resumes.
    """
    with show_work("Loading"):
        from paraisite.workflows import transfer as measurement

    measurement.measure_transfer(dataset, size, n_training=trainings)


VERBS: Final = (prepare, evaluate, cross_validate, compare, overlap, backbones, transfer, tune, check)
