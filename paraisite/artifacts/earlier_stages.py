"""Members of earlier stages for an evaluation; on request members trained without the formulas of its data set.

Where no row of a stage's data shares a formula with what is evaluated, as in everything that this project has computed
itself, the stage's own members are used. Otherwise the stage, and all that start from it, are retrained without them,
into ``build/clean/``. Labels of tier ``kappa`` share none, but known conductivities have corrected them: they are
corrected anew, without those formulas.
"""

import hashlib
import logging
import shutil
from functools import cached_property
from pathlib import Path
from typing import Final

from paraisite import schema
from paraisite.artifacts.initial_weights import refuse_to_train, resolve_starting_weights, to_starting_weights
from paraisite.artifacts.inputs import attach_graphs, find_trained_or_shipped, load_data
from paraisite.artifacts.known_labels import list_fitting_formulas
from paraisite.artifacts.stage_folders import result_folder, weights_folder
from paraisite.artifacts.training_checkpoints import choose_checkpoint_folder
from paraisite.artifacts.training_rows import LabelCorrection
from paraisite.config import Config
from paraisite.core.paths import BUILD, SHIPPED
from paraisite.data.datasets.accurate import mark_labels
from paraisite.data.datasets.table import Dataset
from paraisite.errors import CheckpointError, DataError, MissingInputError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipe_training import StartingWeights, adapt_settings, list_effective_parameters, run_recipe
from paraisite.training.recipes import KAPPA_TIER, Lineage, Recipe

logger = logging.getLogger(__name__)

CLEAN: Final = BUILD / "clean"
_WITHOUT: Final = "trained_without"


class EarlierStages:
    """Provides members of earlier stages, and trainings that started from them."""

    def __init__(self, config: Config, *, run_id: str, without: Dataset | None = None) -> None:
        """Set the formulas that are left out.

        Args:
            config: Settings.
            run_id: The evaluation's run, with which starting weights are registered.
            without: Its formulas are left out, those of all its rows: a stage is trained once, not once per split.
                None to leave out nothing.
        """
        self._config, self._run_id, self._without = config, run_id, without
        self._formulas = frozenset() if without is None else frozenset(without.table[schema.FORMULA])
        self._digest = hashlib.sha256(" ".join(sorted(self._formulas)).encode()).hexdigest()
        self._shared: dict[str, list[int]] = {}
        self._digests: dict[str, str] = {}

    def start_of(self, recipe: Recipe, config: Config) -> StartingWeights:
        """Return what a recipe starts from.

        Args:
            recipe: What is going to be trained.
            config: Settings of that training.

        Raises:
            MissingInputError: Members that it starts from were neither trained here nor shipped.
        """
        if not isinstance(recipe.start, Recipe) or self._is_clean(recipe.start):
            return resolve_starting_weights(
                recipe, config, run_id=self._run_id, in_pipeline=True, train=refuse_to_train
            )
        return to_starting_weights(
            self.load_members(recipe.start), config, f"{recipe.start.name} {self._description()}", None
        )

    def load_members(self, stage: Recipe) -> Ensemble:
        """Return a stage's members: those trained here or shipped where they are clean, else retrained ones.

        Raises:
            MissingInputError: They, or what they are trained on, are not here.
        """
        if self._is_clean(stage):
            folder = find_trained_or_shipped(weights_folder(stage.name), SHIPPED / stage.name.lower())
            return Ensemble.load(folder / ENSEMBLE_FILE)
        return self._kept(stage) or self._train(stage)

    def load_conductivity_networks(self, lineage: Lineage) -> dict[str, Ensemble]:
        """Return the members of the second stage by its name; where they are not here a warning, and nothing."""
        try:
            return {lineage.middle.name: self.load_members(lineage.middle)}
        except MissingInputError as error:
            logger.warning("%s", error)
            return {}

    def load_training(self, recipe: Recipe, dataset: Dataset, graphs: GraphCollection) -> RecipeResult:
        """Return a final recipe's training: that done here where its initial weights are clean, else a retraining.

        Raises:
            MissingInputError: It was not trained here, or on other values.
        """
        if isinstance(recipe.start, Recipe) and not self._is_clean(recipe.start):
            result, _, checkpoints = self._run(recipe, dataset, graphs, self._config)
            shutil.rmtree(checkpoints, ignore_errors=True)
            return result
        try:
            result = RecipeResult.load(result_folder(recipe.name))
        except DataError as error:
            raise MissingInputError(f"`python -m paraisite train {recipe.name}` trains it ({error})") from error
        if result.dataset.digest != dataset.digest:
            raise MissingInputError(f"it was trained on other values: `python -m paraisite train {recipe.name}`")
        return result

    def _is_clean(self, stage: Recipe) -> bool:
        before = stage.start
        if self._rows_shared(stage.train_on) or self._has_corrected(stage.train_on):
            return False
        return not isinstance(before, Recipe) or self._is_clean(before)

    def _has_corrected(self, name: str) -> bool:
        """Return whether a formula that is to be left out has corrected a data set's labels."""
        if self._without is None or name != KAPPA_TIER:
            return False
        return not self._formulas.isdisjoint(list_fitting_formulas(self._label_correction.known))

    @cached_property
    def _label_correction(self) -> LabelCorrection:
        """That of tier ``kappa``: its known crystals take seconds to read."""
        return LabelCorrection.load(load_data(KAPPA_TIER, self._config), self._config)

    def _rows_shared(self, name: str) -> list[int]:
        """Return which rows of a data set have a formula that is to be left out."""
        if self._without is None:
            return []
        if name not in self._shared:
            table = load_data(name, self._config).table
            found = self._shared[name] = table.index[table[schema.FORMULA].isin(self._formulas)].tolist()
            logger.info("%d of %d rows of %s share a formula with %s", len(found), len(table), name, self._without.name)
        return self._shared[name]

    def _description(self) -> str:
        return f"without {self._without.name}'s formulas" if self._without is not None else ""

    def _path(self, stage: Recipe) -> Path:
        return CLEAN / self._digest_of(stage)[:16] / stage.name.lower() / ENSEMBLE_FILE

    def _digest_of(self, stage: Recipe) -> str:
        """Return a SHA-256, in hex, over all that a retrained stage depends on: formulas, settings, data, its start."""
        if stage.name not in self._digests:  # a data set takes seconds to read
            settings = list_effective_parameters(adapt_settings(stage, self._config))
            before = self._digest_of(stage.start) if isinstance(stage.start, Recipe) else stage.start.name
            dataset = load_data(stage.train_on, self._config)
            corrected = self._label_correction.digest if self._has_corrected(dataset.name) else ""
            parts = (self._digest, settings, dataset.digest, before, corrected)
            self._digests[stage.name] = hashlib.sha256(repr(parts).encode()).hexdigest()
        return self._digests[stage.name]

    def _kept(self, stage: Recipe) -> Ensemble | None:
        """Return members that were retrained without the same formulas, with the same settings, if there are any."""
        try:
            ensemble = Ensemble.load(self._path(stage))
        except CheckpointError:
            return None
        return ensemble if ensemble.metadata.get(_WITHOUT) == self._digest_of(stage) else None

    def _train(self, stage: Recipe) -> Ensemble:
        config = adapt_settings(stage, self._config)
        dataset, graphs = attach_graphs(self._load_without_formulas(stage.train_on, config), config)
        logger.info("%s is retrained on %d rows", stage.name, len(dataset))
        _, ensemble, checkpoints = self._run(stage, dataset, graphs, config)
        ensemble.metadata[_WITHOUT] = self._digest_of(stage)
        ensemble.save(self._path(stage))
        shutil.rmtree(checkpoints, ignore_errors=True)
        return ensemble

    def _load_without_formulas(self, name: str, config: Config) -> Dataset:
        """Return a data set without the rows of the formulas, its labels corrected by others."""
        dataset = load_data(name, config)
        if self._has_corrected(name):
            kappa = self._label_correction.correct_without(self._formulas).kappa_w_per_m_k
            dataset = dataset.replace_kappa(mark_labels(dataset), kappa)
        shared = self._rows_shared(name)
        return dataset.without(dict.fromkeys(shared, "its formula is evaluated")) if shared else dataset

    def _run(
        self, recipe: Recipe, dataset: Dataset, graphs: GraphCollection, config: Config
    ) -> tuple[RecipeResult, Ensemble, Path]:
        """Train a recipe; return its result, its members and the checkpoints, which may go once these are kept."""
        start = self.start_of(recipe, config)
        name = f"clean-{recipe.name.lower()}"
        checkpoints = choose_checkpoint_folder(name, config=config, dataset=dataset, start=start)
        trained = run_recipe(
            recipe,
            dataset=dataset,
            graphs=graphs,
            start=start,
            config=config,
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"{recipe.name} {self._description()}")],
        )
        return trained.result, trained.best, checkpoints
