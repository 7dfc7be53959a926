"""The settings in ``params.yaml`` as frozen dataclasses; pydantic checks each value's type and range."""

import dataclasses
import os
import typing
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from paraisite.core.settings_file import read_settings, shown
from paraisite.core.validation_messages import describe_mistake
from paraisite.errors import ConfigError

AFLOW_TABLE_VARIABLE = "PARAISITE_AFLOW_TABLE"
FORMATION_ENERGY_WEIGHTS_VARIABLE = "PARAISITE_FORMATION_ENERGY_WEIGHTS"


Loss = Literal["percentage", "log_absolute", "log_huber", "mixture"]
Frozen = Literal["nothing", "embedding", "first_block", "two_blocks", "blocks", "backbone"]

KEPT: Final = "kept"
"""In place of a head's widths: the head of the starting weights goes on."""

NO_STUDY: Final = "none"
"""In place of a study's name: settings chosen by hand."""

MAX_CUTOFF_ANGSTROM: Final = 5.0
"""Where the last of MEGNet's Gaussians lies: it cannot tell longer bonds apart, Å."""

ProtocolName = Literal[
    "paper", "paper-last", "honest", "grouped", "leave-one-prototype-out", "space-group", "structure-type", "benchmark",
    "paper-clean", "paper-last-clean", "honest-clean", "grouped-clean", "leave-one-prototype-out-clean",
    "space-group-clean", "structure-type-clean", "benchmark-clean",
]  # fmt: skip
"""Keys of ``evaluation.protocols.PROTOCOLS``, which builds on these settings."""

MAX_COUNT: Final = 1_000_000
"""Of epochs, crystals, folds or neurons: more is a slip of the pen, and array libraries fail on it."""

_MAX_LOG10_KAPPA: Final = 30.0  # single precision ends at 38


def _without_repetition(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


def _head_text(text: str) -> str:
    if text != KEPT:
        widths = text.split("-")
        if not all(width.isascii() and width.isdigit() and 1 <= int(width[:9]) <= MAX_COUNT for width in widths):
            raise ValueError(f"widths such as 128-64, or {KEPT}")
    return text


def _file_path(path: Path) -> Path:
    if path == Path():
        raise ValueError("a path")
    return path


Count = Annotated[int, Field(strict=True, ge=1, le=MAX_COUNT)]
Seed = Annotated[int, Field(strict=True, ge=0, lt=2**32)]  # what NumPy's RandomState takes
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), AfterValidator(_without_repetition)]
FilePath = Annotated[Path, AfterValidator(_file_path)]

_EXACT: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_EXACT)
class DataConfig:
    """Where the inputs lie that are not in ``data/``.

    Attributes:
        aflow_table: AFLUX records, JSON lines, gzip allowed; not shipped.
        formation_energy_weights: MEGNet's published formation-energy model, HDF5; not shipped.
        lab: Folder of the table of tier ``slack``.
        kappa: Folder of the table of tier ``kappa``.
    """

    aflow_table: FilePath
    formation_energy_weights: FilePath
    lab: FilePath
    kappa: FilePath = Path("build/kappa")


@dataclass(frozen=True, config=_EXACT)
class GraphConfig:
    """How a structure becomes a graph.

    Attributes:
        cutoff_angstrom: Bonds join atoms closer than this, Å; up to MEGNet's longest bond.
        distance_tolerance_angstrom: Distances within this count as equal in the quotient, Å; below 0.1.
    """

    cutoff_angstrom: Annotated[Positive, Field(le=MAX_CUTOFF_ANGSTROM)] = 4.0
    distance_tolerance_angstrom: Annotated[NotNegative, Field(lt=0.1)] = 1e-3


@dataclass(frozen=True, config=_EXACT)
class SplitConfig:
    """Which random splits a recipe trains on.

    Attributes:
        seeds: One ensemble member for each seed.
        train_fraction: Share of the rows that train, in (0, 1).
    """

    seeds: Seeds = (1, 2, 3, 4, 5, 6, 7, 8, 9)
    train_fraction: Annotated[Positive, Field(lt=1)] = 0.8


@dataclass(frozen=True, config=_EXACT)
class HeadConfig:
    """The multi-layer perceptron on MEGNet's last hidden layer.

    Attributes:
        head_hidden: Width of each hidden layer.
    """

    head_hidden: tuple[Count, ...] = (450, 350, 350)


@dataclass(frozen=True, config=_EXACT)
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

    epochs: Count = 300
    batch_size: Count = 8
    learning_rate: Positive = 1e-3
    final_learning_rate_fraction: Share = 0.01
    learning_rate_period_epochs: Count = 1000
    gradient_clip_norm: Positive = 1.0
    max_log10_one_plus_kappa: Annotated[Positive, Field(le=_MAX_LOG10_KAPPA)] = 4.0
    seed: Seed = 42
    checkpoint_every_epochs: Count = 10
    loss: Loss = "percentage"
    percentage_share: Share = 0.5
    dropout: Annotated[Share, Field(lt=1)] = 0.0
    weight_decay: NotNegative = 0.0
    frozen: Frozen = "nothing"


@dataclass(frozen=True, config=_EXACT)
class TrainingChanges:
    """What differs from ``training`` where there are thousands of rows.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Crystals per step and member.
        learning_rate_period_epochs: Epochs in which the cosine goes from the top to the floor.
    """

    epochs: Count
    batch_size: Count
    learning_rate_period_epochs: Count

    def applied_to(self, training: TrainingConfig) -> TrainingConfig:
        """Return the settings with these changes."""
        return dataclasses.replace(training, **dataclasses.asdict(self))


@dataclass(frozen=True, config=_EXACT)
class FineTuning:
    """How networks are fine-tuned where errors are measured on held-out (test) rows.

    Attributes:
        study: Name of the study that chose these settings, for people.
        head: Widths of a new head's hidden layers, joined by ``-``, or ``kept``.
        n_start: Starting members that the trained ones begin from by turns, at most.
        epochs: Passes over the training rows.

    The others are those of ``TrainingConfig``, in whose place they are used.
    """

    epochs: Count
    batch_size: Count
    learning_rate_period_epochs: Count
    learning_rate: Positive = 1e-3
    final_learning_rate_fraction: Share = 0.01
    loss: Loss = "percentage"
    percentage_share: Share = 0.5
    dropout: Annotated[Share, Field(lt=1)] = 0.0
    weight_decay: NotNegative = 0.0
    frozen: Frozen = "nothing"
    head: Annotated[Text, AfterValidator(_head_text)] = KEPT
    n_start: Count = 9
    study: Text = NO_STUDY

    def applied_to(self, training: TrainingConfig) -> TrainingConfig:
        """Return the settings with these in their place."""
        names = {field.name for field in dataclasses.fields(TrainingConfig)}
        own = {name: value for name, value in dataclasses.asdict(self).items() if name in names}
        return dataclasses.replace(training, **own)

    def head_hidden(self, default: tuple[int, ...]) -> tuple[int, ...]:
        """Return the widths of the head's hidden layers.

        Args:
            default: Those of the starting weights.
        """
        return default if self.head == KEPT else tuple(int(width) for width in self.head.split("-"))


@dataclass(frozen=True, config=_EXACT)
class EvaluationConfig:
    """How errors are measured on held-out (test) rows.

    Attributes:
        protocols: Those of ``evaluation.protocols`` that the pipeline follows.
        n_fold: Parts of the training rows; each is estimated by models that have not seen it.
        seeds: Of the networks' training, each on every split; what has no seed of its own runs once, as the first.
        training: Of networks, which end with the last epoch: no epoch is selected.
    """

    protocols: Annotated[tuple[ProtocolName, ...], Field(min_length=1), AfterValidator(_without_repetition)]
    n_fold: Annotated[Count, Field(ge=2)]
    seeds: Seeds
    training: FineTuning


@dataclass(frozen=True, config=_EXACT)
class LabConfig:
    """How the project's own labels are computed.

    Attributes:
        seed: Decides which decorations are drawn, and in which order.
        slack_potential: Potential of tier ``slack``, a name that ``labels.potential`` knows.
        slack_candidates: Decorations to compute; about a third is accepted.
        kappa_potential: Potential of tiers ``kappa``, ``kappa_known`` and ``phonons``.
        kappa_candidates: Crystals of tier ``kappa`` to compute.
        pretraining: Of the network on formation energies and moduli.
        slack_training: Of the recipes that train on tier ``slack``.
    """

    seed: Seed
    slack_potential: Text
    slack_candidates: Count
    kappa_potential: Text
    kappa_candidates: Count
    pretraining: TrainingChanges
    slack_training: TrainingChanges


@dataclass(frozen=True, config=_EXACT)
class StageInputs:
    """What a training stage of ``dvc.yaml`` depends on.

    Attributes:
        data: Name of the data set that it trains on.
        start: Folder with the weights that it starts from, or the code that makes or reads them.
    """

    data: Text
    start: Text


@dataclass(frozen=True, config=_EXACT)
class LineageModels:
    """The models of a lineage, recipes' names in lower case, by what they are in a comparison.

    Attributes:
        second_stage_from_random: Trained on the second stage's data from random weights.
        second_stage: Trained on them from formation energies.
        random: Ends on Togo15 like the three below; from random weights.
        formation_energy: From formation energies.
        without_formation_energy: From the second stage from random weights.
        two_stages: From the second stage.
    """

    second_stage_from_random: Text
    second_stage: Text
    random: Text
    formation_energy: Text
    without_formation_energy: Text
    two_stages: Text


@dataclass(frozen=True, config=_EXACT)
class LineageConfig:
    """What the stages before the final one are, and what the stages of ``dvc.yaml`` are made for.

    Attributes:
        name: The key that it stands under.
        models: By their part; ``training.recipes.read_lineage`` makes recipes of them.

    The others are for ``dvc.yaml`` alone, as its templates can only look up what is written out.
    """

    name: Text
    models: LineageModels
    prepared: dict[str, Text]
    prepared_from_outside: tuple[Text, ...]
    pretrained: tuple[Text, ...]
    backbones: Text
    middle: dict[str, StageInputs]
    middle_on_aflow: dict[str, dict[str, Text]]
    final: dict[str, StageInputs]
    final_of_shipped: dict[str, StageInputs]
    overlap: dict[str, Text]
    overlap_on_aflow: dict[str, Text]


@dataclass(frozen=True, config=_EXACT)
class Config:
    """All of ``params.yaml``; ``lineage`` is the one of ``lineages`` that was chosen."""

    lineages: dict[str, LineageConfig]
    lineage: LineageConfig
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


Settings = TypeVar("Settings", DataConfig, GraphConfig, TrainingConfig, TrainingChanges, FineTuning)


def override(settings: Settings, **values: Any) -> Settings:
    """Return settings with other values, as a user's options ask for.

    Args:
        settings: A section of the settings.
        values: By name.

    Raises:
        ConfigError: A value is out of range; unlike ``dataclasses.replace``, in one sentence.
    """
    try:
        return dataclasses.replace(settings, **values)
    except ValidationError as error:
        raise ConfigError(describe_mistake(error, type(settings))) from error


def load_config(path: Path = Path("params.yaml")) -> Config:
    """Read and check the settings; environment variables override the two input paths.

    Raises:
        ConfigError: The file is absent or not YAML, a key is unknown or missing, a value is of the wrong type or range.
    """
    raw = read_settings(path)
    if isinstance(raw, dict) and "lineage" in raw and not isinstance(raw["lineage"], dict):
        raise ConfigError(
            f"{path}: lineage: expected * and a name that lineages has, such as *lab, found {shown(raw['lineage'])}"
        )
    try:
        config = TypeAdapter(Config).validate_python(raw)
    except ValidationError as error:
        raise ConfigError(describe_mistake(error, Config, where=str(path))) from error
    _require_all_keys(Config, raw, where=str(path))
    data = override(
        config.data,
        aflow_table=Path(os.environ.get(AFLOW_TABLE_VARIABLE, config.data.aflow_table)),
        formation_energy_weights=Path(
            os.environ.get(FORMATION_ENERGY_WEIGHTS_VARIABLE, config.data.formation_energy_weights)
        ),
    )
    return dataclasses.replace(config, data=data)


def _require_all_keys(cls: type, raw: dict[str, Any], *, where: str) -> None:
    """Refuse a file that relies on a default: DVC would not see that value change."""
    types = typing.get_type_hints(cls)
    if missing := sorted(set(types) - set(raw)):
        raise ConfigError(f"{where}: missing key {', '.join(missing)}")
    for key, value in raw.items():
        if dataclasses.is_dataclass(types[key]):
            _require_all_keys(types[key], value, where=f"{where}: {key}")
