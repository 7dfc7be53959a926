"""Verbs that prepare, measure, compare and search."""

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
    as_in_params_or,
    dataset_of,
    one_of,
    recipe_name,
    whole_number,
)


def prepare(dataset: AnyDataset) -> None:
    """Read and check a data set into build/prepare/."""
    from paraisite.workflows import prepare

    prepare.prepare_dataset(dataset)


def compare(
    all_trained: Annotated[
        bool, typer.Option("--all", help="Print every recipe that was trained into build/, of either lineage.")
    ] = False,
) -> None:
    """Put the models of the lineage side by side in build/compare/."""
    from paraisite.workflows import compare

    compare.compare_models(all_trained=all_trained)


def evaluate(
    protocol: Annotated[
        str,
        typer.Argument(
            parser=one_of(PROTOCOLS),
            metavar="PROTOCOL",
            help=f"{', '.join(UNCLEAN)}; with -clean behind, earlier stages never saw a formula of the data set.",
        ),
    ] = "honest",
    dataset: FinalDataset = "togo15",
) -> None:
    """Measure networks, baselines and Gaussian processes under a protocol, into build/evaluate_…."""
    from paraisite.workflows import evaluate

    evaluate.evaluate_models(protocol, dataset)


def overlap(
    learnt: Annotated[
        str | None,
        typer.Argument(
            parser=as_in_params_or(dataset_of(DATASETS)),
            metavar="|".join((*DATASETS, "YOURS")),
            help="Data that taught. [default: all those of the lineage's earlier stages]",
        ),
    ] = None,
    tested: AnyDataset = "togo15",
) -> None:
    """Report shared formulas, shared structures and duplicates, and the errors on such rows, into build/overlap…."""
    from paraisite.workflows import overlap

    overlap.report_overlap(learnt, tested)


def backbones(
    dataset: FinalDataset = "togo15",
    published: Annotated[
        bool, typer.Option("--published", help="Under the published protocol as well: twice the time.")
    ] = False,
) -> None:
    """Compare what a training may start from: published backbones, ours and random weights, into build/backbones/.

    Each gets the same head and the same nine splits, and is measured on rows that chose nothing. A backbone that is
    neither here nor can be fetched is left out; a run that is killed goes on when it is started again.
    """
    from paraisite.workflows import backbones as comparison

    comparison.compare_backbones(dataset, published=published)


def tune(
    recipe: Annotated[str, typer.Argument(parser=recipe_name, metavar="RECIPE", help="See `recipes`.")] = "FELABTG15",
    protocol: Annotated[
        str, typer.Option(parser=one_of(TUNED), metavar="|".join(TUNED), help="How the rows are divided.")
    ] = "honest",
    trials: Annotated[int, typer.Option(min=0, metavar="N", help="Trials that the study is to have in all.")] = 50,
    epochs: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(1), metavar="N", help="Of every trial. [default: evaluation.training in params.yaml]"
        ),
    ] = None,
    sampler: Annotated[
        str,
        typer.Option(
            parser=one_of(SAMPLERS),
            metavar="|".join(SAMPLERS),
            help="tpe learns from trials; qmc is a list that no result changes.",
        ),
    ] = "tpe",
    pruning: Annotated[bool, typer.Option(help="Stop trials that fall behind.")] = True,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trials side by side. [default: all cores]")
    ] = os.cpu_count() or 1,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database for several machines. [default: a file in build/tune/]")
    ] = None,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="[default: named by the options]")] = None,
    apply: Annotated[bool, typer.Option(help="Write the best settings into params.yaml at the end.")] = False,
) -> None:
    """Search the settings of the fine-tuning on inner folds alone, into build/tune/; a stopped study goes on."""
    from paraisite.tuning.study_options import SearchOptions
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
    what: Annotated[str, typer.Argument(parser=one_of(CHECKED), metavar="|".join(CHECKED), help="What to check.")],
) -> None:
    """Compare a tier's conductivities, or the lab's formation energies, with known ones, into build/check_…/."""
    if what == "formation_energy":
        from paraisite.workflows import check

        check.check_formation_energies()
    else:
        from paraisite.workflows import check

        check.check_labels(what)


VERBS: Final = (prepare, evaluate, compare, overlap, backbones, tune, check)
