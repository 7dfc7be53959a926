"""One function per DVC stage and per entry point of MLproject: what is read, what is run, what is written.

``prepare``, ``pretrain``, ``train_recipe`` and ``compare`` write ``build/``; the steps leave their results in the
experiment store only, so that a run never changes what DVC tracks.
"""

import dataclasses
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure
from rich.console import Console

from paraisite import schema
from paraisite.config import Config, TrainingChanges, TrainingConfig, load_config
from paraisite.datasets.table import Dataset, load_dataset
from paraisite.errors import CheckpointError, ConfigError, DataError, MissingInputError
from paraisite.evaluation.experiment import StartingWeights, model_config, run_recipe
from paraisite.evaluation.metrics import summarise
from paraisite.evaluation.pretraining import CARD_FILE
from paraisite.evaluation.pretraining import pretrain as run_pretraining
from paraisite.evaluation.results import RecipeResult, TrainedRecipe
from paraisite.files import file_sha256
from paraisite.graphs.build import RejectedRow
from paraisite.graphs.cache import load_or_build
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import Parameters
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.megnet_interop import read_published_model
from paraisite.reports.figures import mape_of_splits, recipe_figures, save_figure
from paraisite.reports.tables import closing_table, render, to_markdown
from paraisite.reports.tables import compare as compare_results
from paraisite.sources.bundled import fetch_bundled
from paraisite.sources.lab.records import load_relaxed
from paraisite.sources.weights import resolve_formation_energy_weights
from paraisite.tracking.promotion import Evidence, evidence_tags
from paraisite.tracking.registry import load_from_registry, register_file, register_result
from paraisite.tracking.runs import log_pretraining, log_result, recipe_run
from paraisite.tracking.store import ui_hint
from paraisite.training.initial import random_parameters, stack, with_new_head
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import (
    AFLOW,
    BTE,
    LINEAGES,
    PARTS,
    RECIPES,
    SLACK,
    Lineage,
    Recipe,
    Start,
    final_recipe,
    has_followers,
    models_of,
)

logger = logging.getLogger(__name__)

Overrides = Mapping[str, int | float]

BUILD: Final = Path("build")
DATA: Final = Path("data")
SHIPPED: Final = Path("weights")
"""Members that the project ships, a folder per recipe; what the stages train lies below ``BUILD``."""

PRETRAINED: Final = {
    "formation_energy": (schema.FORMATION_ENERGY,),
    "log_bulk": (schema.LOG_BULK,),
    "log_shear": (schema.LOG_SHEAR,),
    "all": (schema.FORMATION_ENERGY, schema.LOG_BULK, schema.LOG_SHEAR),
}
"""What a network may be pretrained on; the recipes start from the first."""

_EVIDENCE: Final = "registry_evidence"


def prepare(dataset_name: str) -> None:
    """Read a data set from its source, check it, and write it with its structures."""
    dataset = _load(dataset_name, load_config())
    folder = BUILD / "prepare" / dataset_name
    shutil.rmtree(folder, ignore_errors=True)
    dataset.save(folder)
    logger.info("%s", dataset.describe())


def train_recipe(recipe_name: str, *, overrides: Overrides) -> None:
    """Train a recipe into ``build/``, starting from what ``build/`` or the bundled store holds."""
    recipe, config = RECIPES[recipe_name], _configured(overrides)
    trained = _train(recipe, config, in_pipeline=True)
    _write(trained)
    _report(trained.result)


def pretrain(variant: str) -> None:
    """Train MEGNet on properties of the lab set: a variant of ``PRETRAINED``."""
    config = load_config()
    fetch_bundled(config.data.lab, target=str(config.data.lab))
    table, structures = load_relaxed(config.data.lab)
    graphs, without = _graphs_of("lab", structures, list(table[schema.MATERIAL_ID]), config)
    table = table.drop(index=[row.row for row in without]).reset_index(drop=True)
    settings = _changed(config.training, config.lab.pretraining)
    checkpoints = BUILD / "checkpoints" / f"pretrain_{variant}"
    with recipe_run(f"pretrain {variant}") as run_id:
        trained = run_pretraining(
            table,
            graphs,
            PRETRAINED[variant],
            settings=settings,
            dataset_digest=file_sha256(config.data.lab / "slack.parquet"),
            model=dataclasses.replace(model_config(config), head_hidden=()),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"pretrain {variant}")],
        )
        trained.save(BUILD / "pretrain" / variant)
        log_pretraining(trained, run_id=run_id)
    shutil.rmtree(checkpoints, ignore_errors=True)
    Console().print(trained.metrics.round(4).to_string(), soft_wrap=True)


def step1(dataset: str, *, overrides: Overrides) -> None:
    """Train from random weights: on the second stage's data set, and on the final one."""
    lineage = _lineage(load_config())
    _train_and_report((lineage.middle_from_random, final_recipe(Start.RANDOM, dataset)), overrides)


def step2(dataset: str, *, overrides: Overrides) -> None:
    """Train from formation-energy weights: on the second stage's data set, and on the final one."""
    lineage = _lineage(load_config())
    _train_and_report((lineage.middle, final_recipe(lineage.pretrained, dataset)), overrides)


def step3(dataset: str, *, overrides: Overrides) -> None:
    """Train the two-stage model from the second stage's members."""
    _train_and_report((final_recipe(_lineage(load_config()).middle, dataset),), overrides)


def rwaft(dataset: str, *, overrides: Overrides) -> None:
    """Train the additional check, from the members of the second stage without the first."""
    _train_and_report((final_recipe(_lineage(load_config()).middle_from_random, dataset),), overrides)


def compare(*, all_trained: bool = False) -> None:
    """Write the table, the figure and the curves of the lineage's models.

    Args:
        all_trained: Of every recipe that was trained into ``build/``, of either lineage; only printed.
    """
    models = models_of(_lineage(load_config()))
    wanted = list(RECIPES.values()) if all_trained else list(models.values())
    trained = [recipe for recipe in wanted if (_folder(recipe) / "result").is_dir()]
    if not trained:
        raise MissingInputError("nothing to compare: train a recipe first, e.g. `dvc repro final@rwtg15`")
    if not all_trained and (missing := [recipe.name for recipe in wanted if recipe not in trained]):
        logger.warning("not trained yet, so not in the table: %s", ", ".join(missing))
    results = [RecipeResult.load(_folder(recipe) / "result") for recipe in trained]
    if not all_trained:
        _write_comparison(results, {recipe.name: part for part, recipe in models.items()})
    Console().print(render(closing_table(results)))


def _write_comparison(results: Sequence[RecipeResult], part_of: Mapping[str, str]) -> None:
    """Write what DVC shows of the models; curves are named by the part that each model has in its lineage."""
    folder = BUILD / "compare" / "result"
    folder.mkdir(parents=True, exist_ok=True)
    compare_results(results).to_csv(folder / "table.csv")
    (folder / "table.md").write_text(to_markdown(closing_table(results)) + "\n")
    save_figure(mape_of_splits(results), folder / "mape_of_splits")
    metrics = {result.recipe.name.lower(): _metrics(result) for result in results}
    (folder.parent / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    curves = {part_of[result.recipe.name]: _mean_curve(result) for result in results}
    pd.DataFrame(curves, columns=PARTS).to_csv(folder.parent / "curves.csv", float_format="%.6g")


def _mean_curve(result: RecipeResult) -> pd.Series:
    """Return the validation MAPE of each epoch, mean over the splits."""
    return result.curves.groupby(schema.EPOCH)[schema.VALIDATION_MAPE].mean()


def _train_and_report(recipes: tuple[Recipe, ...], overrides: Overrides) -> None:
    config = _configured(overrides)
    _report(*(_train(recipe, config, in_pipeline=False).result for recipe in recipes))


def _lineage(config: Config) -> Lineage:
    if config.lineage not in LINEAGES:
        raise ConfigError(f"params.yaml: lineage is {config.lineage!r}, expected one of {', '.join(LINEAGES)}")
    return LINEAGES[config.lineage]


def _changed(training: TrainingConfig, changes: TrainingChanges) -> TrainingConfig:
    return dataclasses.replace(training, **dataclasses.asdict(changes))


def _configured(overrides: Overrides) -> Config:
    config = load_config()
    given: dict[str, Any] = dict(overrides)
    slack_training = {name: given[name] for name in ("epochs", "batch_size") if name in given}
    return dataclasses.replace(
        config,
        training=dataclasses.replace(config.training, **given),
        lab=dataclasses.replace(
            config.lab, slack_training=dataclasses.replace(config.lab.slack_training, **slack_training)
        ),
    )


def _train(recipe: Recipe, config: Config, *, in_pipeline: bool, parent_run_id: str | None = None) -> TrainedRecipe:
    """Train one recipe inside its run, log it, register it.

    A recipe on the lab's large tier has its own number of epochs and batch size, unless they were given.

    Args:
        recipe: What to train.
        config: Settings.
        in_pipeline: As a stage of DVC, which starts from what earlier stages wrote, never from the registry.
        parent_run_id: Run that needs this recipe's members.
    """
    if recipe.train_on == SLACK:
        config = dataclasses.replace(config, training=_changed(config.training, config.lab.slack_training))
    dataset, graphs = _with_graphs(_load(recipe.train_on, config), config)
    with recipe_run(recipe.name, parent_run_id=parent_run_id) as run_id:
        start = _starting_weights(recipe, config, run_id=run_id, in_pipeline=in_pipeline)
        logger.info("%s on %d materials starts from %s", recipe.name, len(dataset), start.description)
        checkpoints = BUILD / "checkpoints" / recipe.name.lower()
        trained = run_recipe(
            recipe,
            dataset=dataset,
            graphs=graphs,
            start=start,
            config=config,
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(recipe.name)],
        )
        _warn_of_divergence(trained.result)
        log_result(trained.result, run_id=run_id, figures=recipe_figures(trained.result))
        register_result(trained.result, trained.best, run_id=run_id, half_precision=has_followers(recipe))
    shutil.rmtree(checkpoints, ignore_errors=True)
    return trained


def _load(dataset_name: str, config: Config) -> Dataset:
    if dataset_name in (SLACK, BTE):
        fetch_bundled(config.data.lab, target=str(config.data.lab))
    elif dataset_name != AFLOW:
        fetch_bundled(DATA, target="data.dvc")
    return load_dataset(dataset_name, config.data, DATA)


def _with_graphs(dataset: Dataset, config: Config) -> tuple[Dataset, GraphCollection]:
    """Return the materials that have a graph, and their graphs; the others join the rejected ones."""
    ids = list(dataset.table[schema.MATERIAL_ID])
    graphs, rejected = _graphs_of(dataset.name, dataset.structures, ids, config)
    if not rejected:
        return dataset, graphs
    return dataset.without({row.row: row.reason for row in rejected}), graphs


def _graphs_of(
    name: str, structures: Sequence[Structure], ids: list[str], config: Config
) -> tuple[GraphCollection, Sequence[RejectedRow]]:
    """Return graphs, and the structures without one, which a warning counts."""
    graphs, rejected = load_or_build(
        structures,
        ids,
        cutoff_angstrom=config.graphs.cutoff_angstrom,
        distance_tolerance_angstrom=config.graphs.distance_tolerance_angstrom,
    )
    if rejected:
        logger.warning("%s: %d of %d materials have no graph", name, len(rejected), len(ids))
    return graphs, rejected


def _starting_weights(recipe: Recipe, config: Config, *, run_id: str, in_pipeline: bool) -> StartingWeights:
    """Return the initial members that a recipe names, and say where they come from."""
    n_member, seed, model = len(config.splits.seeds), config.training.seed, model_config(config)
    if isinstance(recipe.start, Recipe):
        return _from_recipe(recipe.start, config, run_id=run_id, in_pipeline=in_pipeline)
    if recipe.start is Start.RANDOM:
        member = random_parameters(model, seed=seed)
        return StartingWeights(stack([member] * n_member), None, f"random weights, seed {seed}")
    if recipe.start is Start.LAB_FORMATION_ENERGY:
        backbone, source, version = _lab_backbone(run_id=run_id)
    else:
        backbone, source, version = _published_backbone(config, run_id=run_id)
    member = with_new_head(backbone, model, seed=seed)
    return StartingWeights(stack([member] * n_member), None, f"{source}, head of seed {seed}", version)


def _published_backbone(config: Config, *, run_id: str) -> tuple[Parameters, str, str]:
    """Return MEGNet's formation-energy parameters, where they come from, and their version in the registry."""
    path = resolve_formation_energy_weights(config.data)
    published = read_published_model(path)
    version = _register_formation_energy(published.to_ensemble(), run_id=run_id)
    return published.parameters, f"{path.name} (sha256 {published.sha256[:12]}…)", version


def _lab_backbone(*, run_id: str) -> tuple[Parameters, str, str]:
    """Return the same of the project's own pretraining."""
    folder = _trained_or_shipped(BUILD / "pretrain" / "formation_energy", SHIPPED / "lfe")
    path = folder / ENSEMBLE_FILE
    ensemble, sha256 = Ensemble.load(path), file_sha256(path)
    registered = register_file(
        "LFE",
        path,
        run_id=run_id,
        tags={"source_sha256": sha256, "target": f"{ensemble.target}, {ensemble.unit}"},
        description="The project's own network for formation energies, one member.",
    )
    backbone = {name: value[0] for name, value in ensemble.parameters.items()}
    return backbone, f"LFE (sha256 {sha256[:12]}…)", registered.version


def _from_recipe(start: Recipe, config: Config, *, run_id: str, in_pipeline: bool) -> StartingWeights:
    """Return a recipe's members: from the registry, else as they were trained here or shipped, else trained now."""
    found = None if in_pipeline else load_from_registry(start.name, folder=BUILD / "registry" / start.name)
    if found is not None:
        ensemble = Ensemble.load(found.path)
        return _as_start(ensemble, config, f"registry {start.name} version {found.version}", found.version)
    trained = _folder(start) / "weights"
    try:
        folder = _trained_or_shipped(trained, SHIPPED / start.name.lower())
    except MissingInputError as error:
        logger.warning("%s has no trained members yet, so it is trained first (%s)", start.name, error)
        _write(_train(start, config, in_pipeline=in_pipeline, parent_run_id=run_id))
        folder = trained
    path = folder / ENSEMBLE_FILE
    ensemble, sha256 = Ensemble.load(path), file_sha256(path)
    registered = register_file(
        start.name,
        path,
        run_id=run_id,
        tags={"started_from": ensemble.metadata["started_from"]} | _evidence_of_card(folder / CARD_FILE),
        description=f"{start.name}'s members as shipped with the project.",
    )
    description = f"{'shipped ' if folder != trained else ''}{start.name} (sha256 {sha256[:12]}…)"
    return _as_start(ensemble, config, description, registered.version)


def _trained_or_shipped(trained: Path, shipped: Path) -> Path:
    """Return the folder of what was trained here, else of what the project ships.

    Raises:
        MissingInputError: There is neither.
    """
    return trained if trained.exists() else fetch_bundled(shipped, target=str(shipped))


def _as_start(ensemble: Ensemble, config: Config, description: str, version: str | None) -> StartingWeights:
    if ensemble.n_member != len(config.splits.seeds):
        raise DataError(
            f"{description} has {ensemble.n_member} members, but params.yaml asks for {len(config.splits.seeds)} splits"
        )
    if ensemble.config != model_config(config):
        raise CheckpointError(f"{description} has another architecture than params.yaml asks for")
    return StartingWeights(ensemble.parameters, ensemble.scaler, description, version)


def _register_formation_energy(ensemble: Ensemble, *, run_id: str) -> str:
    path = BUILD / "registry" / "FE" / ENSEMBLE_FILE
    ensemble.save(path)
    tags = {"source_sha256": ensemble.metadata["source_sha256"], "target": f"{ensemble.target}, {ensemble.unit}"}
    description = "MEGNet's published formation-energy model, one member (10.1021/acs.chemmater.9b01294)."
    return register_file("FE", path, run_id=run_id, tags=tags, description=description).version


def _folder(recipe: Recipe) -> Path:
    return BUILD / recipe.name.lower()


def _metrics(result: RecipeResult) -> dict[str, dict[str, float]]:
    """Return each metric's mean and deviation over the splits."""
    summary = summarise(result.metrics)
    return {str(name): {"mean": float(row["mean"]), "std": float(row["std"])} for name, row in summary.iterrows()}


def _write(trained: TrainedRecipe) -> None:
    """Write what the DVC stage of the recipe declares, and the members in full precision beside it."""
    result, folder = trained.result, _folder(trained.result.recipe)
    result.save(folder / "result")
    trained.save_members(folder / "members")
    (folder / "metrics.json").write_text(json.dumps(_metrics(result), indent=2) + "\n")
    if has_followers(result.recipe):
        path = folder / "weights" / ENSEMBLE_FILE
        trained.best.save(path, half_precision=True)
        _write_card(trained, path)


def _write_card(trained: TrainedRecipe, path: Path) -> None:
    """Write what there is to know of the members that later stages start from."""
    result = trained.result
    card = {
        "model": result.recipe.name,
        "members": "one per split, each at the epoch that was best on its own validation rows",
        "target": "log10(1 + kappa), kappa in W/m/K at 300 K, standardised per member",
        "sha256": file_sha256(path),
        "best_epoch": {str(seed): int(epoch) for seed, epoch in result.best_epoch.items()},
        "metrics_on_validation_rows": _metrics(result),
        _EVIDENCE: evidence_tags(Evidence.from_result(result)),
        **trained.best.metadata,
    }
    path.with_name(CARD_FILE).write_text(json.dumps(card, indent=2) + "\n")


def _evidence_of_card(path: Path) -> dict[str, str]:
    """Return what a later version is compared with; nothing where there is no card that says so."""
    try:
        tags: dict[str, str] = json.loads(path.read_text())[_EVIDENCE]
    except (OSError, ValueError, KeyError) as error:
        logger.warning("%s holds no values per split, so no later version can replace this one: %r", path, error)
        return {}
    return tags


def _warn_of_divergence(result: RecipeResult) -> None:
    seeds = [str(seed) for seed in result.diverged.index[np.asarray(result.diverged, dtype=bool)]]
    if seeds:
        logger.warning(
            "%s: split %s met gradients or errors that were not finite; those steps were skipped",
            result.recipe.name,
            ", ".join(seeds),
        )


def _report(*results: RecipeResult) -> None:
    console = Console()
    console.print(render(closing_table(results)))
    console.print(f"Runs, figures and models: {ui_hint()}", soft_wrap=True)
