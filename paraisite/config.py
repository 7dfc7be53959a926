"""The settings in ``params.yaml`` as frozen dataclasses, read once; an unknown or missing key is an error."""

import dataclasses
import os
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml

from paraisite.errors import ConfigError

AFLOW_TABLE_VARIABLE = "PARAISITE_AFLOW_TABLE"
FORMATION_ENERGY_WEIGHTS_VARIABLE = "PARAISITE_FORMATION_ENERGY_WEIGHTS"


Loss = Literal["percentage", "log_absolute", "log_huber", "mixture"]
Frozen = Literal["nothing", "embedding", "first_block", "two_blocks", "blocks", "backbone"]

KEPT: Final = "kept"
"""In place of a head's widths: the head of the starting weights goes on."""

NO_STUDY: Final = "none"
"""In place of a study's name: settings chosen by hand."""


@dataclass(frozen=True)
class DataConfig:
    """Where the inputs lie that are not in ``data/``.

    Attributes:
        aflow_table: AFLUX records, JSON lines, gzip allowed; not shipped.
        formation_energy_weights: MEGNet's published formation-energy model, HDF5; not shipped.
        lab: Folder of the project's own tables.
    """

    aflow_table: Path
    formation_energy_weights: Path
    lab: Path


@dataclass(frozen=True)
class GraphConfig:
    """How a structure becomes a graph.

    Attributes:
        cutoff_angstrom: Bonds join atoms closer than this, Å.
        distance_tolerance_angstrom: Distances within this count as equal in the quotient, Å.
    """

    cutoff_angstrom: float = 4.0
    distance_tolerance_angstrom: float = 1e-3


@dataclass(frozen=True)
class SplitConfig:
    """Which random splits a recipe trains on.

    Attributes:
        seeds: One ensemble member for each seed.
        train_fraction: Share of the rows that train, in (0, 1).
    """

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    train_fraction: float = 0.8


@dataclass(frozen=True)
class HeadConfig:
    """The multi-layer perceptron on MEGNet's last hidden layer.

    Attributes:
        head_hidden: Width of each hidden layer.
    """

    head_hidden: tuple[int, ...] = (450, 350, 350)


@dataclass(frozen=True)
class TrainingConfig:
    """One training run of all members.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Crystals per step and member.
        learning_rate: Adam's rate at epoch 0.
        final_learning_rate_fraction: The cosine's floor, as a fraction of ``learning_rate``.
        learning_rate_period_epochs: Epochs in which the cosine goes from the top to the floor.
        gradient_clip_norm: Largest global norm of one member's gradient.
        max_log10_one_plus_kappa: Bound on predicted log10(1 + kappa) inside the loss, kappa in W/m/K.
        seed: Seed of the initial weights and of the order of rows.
        checkpoint_every_epochs: How often the whole training state is saved.
        loss: What a training on kappa lowers; it reports the percentage error in any case.
        percentage_share: Part of the percentage error in the loss ``mixture``, the rest is the error of ln(1 + kappa).
        dropout: Share of each hidden layer of the head that a training step leaves out.
        weight_decay: Share of the kernels that is taken off them in a step, as a multiple of the learning rate.
        frozen: How far from the input on the network keeps its starting weights.
    """

    epochs: int = 300
    batch_size: int = 8
    learning_rate: float = 1e-3
    final_learning_rate_fraction: float = 0.01
    learning_rate_period_epochs: int = 1000
    gradient_clip_norm: float = 1.0
    max_log10_one_plus_kappa: float = 4.0
    seed: int = 42
    checkpoint_every_epochs: int = 10
    loss: Loss = "percentage"
    percentage_share: float = 0.5
    dropout: float = 0.0
    weight_decay: float = 0.0
    frozen: Frozen = "nothing"


@dataclass(frozen=True)
class TrainingChanges:
    """What differs from ``training`` where there are thousands of rows.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Crystals per step and member.
        learning_rate_period_epochs: Epochs in which the cosine goes from the top to the floor.
    """

    epochs: int
    batch_size: int
    learning_rate_period_epochs: int

    def applied_to(self, training: TrainingConfig) -> TrainingConfig:
        """Return the settings with these changes."""
        return dataclasses.replace(training, **dataclasses.asdict(self))


@dataclass(frozen=True)
class FineTuning:
    """How networks are fine-tuned where errors are measured on rows that chose nothing.

    Attributes:
        study: Name of the study that chose these settings, for people.
        head: Widths of a new head's hidden layers, joined by ``-``, or ``kept``.
        n_start: Starting members that the trained ones begin from by turns, at most.
        epochs: Passes over the training rows.

    The others are those of ``TrainingConfig``, in whose place they are used.
    """

    epochs: int
    batch_size: int
    learning_rate_period_epochs: int
    learning_rate: float = 1e-3
    final_learning_rate_fraction: float = 0.01
    loss: Loss = "percentage"
    percentage_share: float = 0.5
    dropout: float = 0.0
    weight_decay: float = 0.0
    frozen: Frozen = "nothing"
    head: str = KEPT
    n_start: int = 9
    study: str = NO_STUDY

    def applied_to(self, training: TrainingConfig) -> TrainingConfig:
        """Return the settings with these in their place."""
        names = {field.name for field in dataclasses.fields(TrainingConfig)}
        own = {name: value for name, value in dataclasses.asdict(self).items() if name in names}
        return dataclasses.replace(training, **own)

    def head_hidden(self, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return the widths of the head's hidden layers.

        Args:
            default: Those of the starting weights.

        Raises:
            ConfigError: ``head`` is neither widths nor ``kept``.
        """
        if self.head == KEPT:
            return default
        try:
            widths = tuple(int(width) for width in self.head.split("-"))
        except ValueError:
            widths = (0,)
        if min(widths) < 1:
            raise ConfigError(f"head is {self.head!r}, expected widths such as 128-64, or {KEPT}")
        return widths


@dataclass(frozen=True)
class EvaluationConfig:
    """How errors are measured on rows that chose nothing.

    Attributes:
        protocols: Those of ``evaluation.protocols`` that the pipeline follows.
        n_fold: Parts of the training rows; each is estimated by models that have not seen it.
        seeds: Of the networks' training, each on every split; what has no seed of its own runs once, as the first.
        training: Of networks, which end with the last epoch: nobody chooses one.
    """

    protocols: tuple[str, ...]
    n_fold: int
    seeds: tuple[int, ...]
    training: FineTuning

    def __post_init__(self) -> None:
        """Check the seeds.

        Raises:
            ConfigError: There is none, or one stands twice.
        """
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"evaluation.seeds: expected one seed or more, none twice, found {list(self.seeds)}")


@dataclass(frozen=True)
class LabConfig:
    """How the project's own labels are computed.

    Attributes:
        seed: Decides which decorations are drawn, and in which order.
        slack_potential: Potential of tier ``slack``, a name that ``labels.potential`` knows.
        slack_candidates: Decorations to compute; about a third is accepted.
        bte_potential: Potential of tier ``bte``.
        bte_candidates: Crystals of tier ``slack`` to compute at most.
        pretraining: Of the network on formation energies and moduli.
        slack_training: Of the recipes that train on tier ``slack``.
    """

    seed: int
    slack_potential: str
    slack_candidates: int
    bte_potential: str
    bte_candidates: int
    pretraining: TrainingChanges
    slack_training: TrainingChanges


@dataclass(frozen=True)
class Config:
    """All of ``params.yaml`` but what ``dvc.yaml`` alone reads.

    ``lineage`` names the stages before the final one, see ``training.recipes.LINEAGES``.
    """

    lineage: str
    data: DataConfig
    lab: LabConfig
    graphs: GraphConfig
    splits: SplitConfig
    model: HeadConfig
    training: TrainingConfig
    evaluation: EvaluationConfig

    def with_seed(self, seed: int) -> "Config":
        """Return the settings with another seed of the training."""
        return dataclasses.replace(self, training=dataclasses.replace(self.training, seed=seed))


Section = TypeVar("Section")


def load_config(path: Path = Path("params.yaml")) -> Config:
    """Read and check the settings; environment variables override the two input paths.

    Raises:
        ConfigError: The file is absent or not YAML, a key is unknown or missing, a value has the wrong type.
    """
    try:
        raw = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise ConfigError(f"{path} not found: run from the project's folder") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    config = _parse(Config, _without_stages(raw, where=str(path)), where=str(path))
    data = dataclasses.replace(
        config.data,
        aflow_table=Path(os.environ.get(AFLOW_TABLE_VARIABLE, config.data.aflow_table)),
        formation_energy_weights=Path(
            os.environ.get(FORMATION_ENERGY_WEIGHTS_VARIABLE, config.data.formation_energy_weights)
        ),
    )
    return dataclasses.replace(config, data=data)


def _without_stages(raw: Any, *, where: str) -> Any:
    """Return the settings with the lineage's name in place of the stages that it has in ``dvc.yaml``."""
    if not isinstance(raw, dict) or "lineage" not in raw:
        return raw
    try:
        name = raw["lineage"]["name"]
    except (TypeError, KeyError) as error:
        raise ConfigError(f"{where}: lineage: expected *lab or *paper, found {raw['lineage']!r}") from error
    return {key: value for key, value in raw.items() if key != "lineages"} | {"lineage": name}


def _parse(cls: type[Section], raw: Any, *, where: str) -> Section:
    """Build one dataclass from a mapping with exactly its keys."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: expected a mapping, found {raw!r}")
    types = typing.get_type_hints(cls)
    if unknown := sorted(set(raw) - set(types)):
        raise ConfigError(f"{where}: unknown key {', '.join(unknown)}; known keys are {', '.join(types)}")
    if missing := sorted(set(types) - set(raw)):
        raise ConfigError(f"{where}: missing key {', '.join(missing)}")
    return cls(**{key: _convert(types[key], value, where=f"{where}: {key}") for key, value in raw.items()})


def _convert(expected: Any, value: Any, *, where: str) -> Any:
    """Return ``value`` as the annotated type, or say why it is not one."""
    if dataclasses.is_dataclass(expected):
        return _parse(typing.cast(type, expected), value, where=where)
    if typing.get_origin(expected) is tuple:
        if not isinstance(value, list):
            raise ConfigError(f"{where}: expected a list, found {value!r}")
        return tuple(_convert(typing.get_args(expected)[0], item, where=where) for item in value)
    if typing.get_origin(expected) is Literal:
        if value in (choices := typing.get_args(expected)):
            return value
        raise ConfigError(f"{where}: expected one of {', '.join(choices)}, found {value!r}")
    if expected is Path and isinstance(value, str):
        return Path(value)
    if expected is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, expected) and not isinstance(value, bool):
        return value
    raise ConfigError(f"{where}: expected {expected.__name__}, found {value!r}")
