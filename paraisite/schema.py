"""Column and metric names with their units: the one place where they are spelled.

MLflow keys, table headings, figures and tests read the names from here.
"""

from dataclasses import dataclass
from typing import Final, Literal

# Columns of every validated data table (one row per material).
MATERIAL_ID: Final = "material_id"
FORMULA: Final = "formula"
PROTOTYPE: Final = "prototype"
KAPPA: Final = "kappa_w_per_m_k"
SOURCE: Final = "source"
REASON: Final = "reason"

# Columns of a predictions table (one row per material, split and part).
SPLIT_SEED: Final = "split_seed"
ROW: Final = "row"
PART: Final = "part"
KAPPA_BEST_EPOCH: Final = "kappa_best_epoch_w_per_m_k"
KAPPA_LAST_EPOCH: Final = "kappa_last_epoch_w_per_m_k"
TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"

# Columns of a curves table (one row per split and epoch, epochs counted from 1).
EPOCH: Final = "epoch"
TRAIN_MAPE: Final = "train_mape"
VALIDATION_MAPE: Final = "validation_mape"
LEARNING_RATE: Final = "learning_rate"
GRADIENT_NORM: Final = "gradient_norm"


@dataclass(frozen=True)
class Property:
    """A physical property of crystals that a network is pretrained on.

    Attributes:
        name: For people, and as the target of a trained network.
        column: Column of a table that holds its values; the unit is in its name.
        unit: Unit of the network's output.
        transform: What the network predicts of a value.
    """

    name: str
    column: str
    unit: str
    transform: Literal["identity", "log10"] = "identity"


FORMATION_ENERGY: Final = Property("formation energy", "formation_energy_ev_per_atom", "eV/atom")
LOG_BULK: Final = Property("log10 of the bulk modulus", "bulk_gpa", "log10(GPa)", "log10")
LOG_SHEAR: Final = Property("log10 of the shear modulus", "shear_gpa", "log10(GPa)", "log10")


@dataclass(frozen=True)
class Metric:
    """One number that a run reports.

    Attributes:
        name: MLflow key and table heading.
        unit: Unit as text; empty for a fraction or a rank correlation.
        better: Whether lower or higher values are better.
        meaning: One sentence for a reader of the run page.
    """

    name: str
    unit: str
    better: Literal["lower", "higher"]
    meaning: str


MAPE_BEST_EPOCH: Final = "mape_best_epoch"
MAPE_LAST_EPOCH: Final = "mape_last_epoch"
MAPE_PUBLISHED_CONVENTION: Final = "mape_published_convention"
MAPE_PUBLISHED_CONVENTION_LAST_EPOCH: Final = "mape_published_convention_last_epoch"

_MAPE: Final = (
    Metric(
        MAPE_BEST_EPOCH,
        "",
        "lower",
        "Mean |error|/kappa on the validation fifth, kappa in W/m/K, at the epoch that is best on that same fifth "
        "(the published protocol: optimistic).",
    ),
    Metric(
        MAPE_LAST_EPOCH,
        "",
        "lower",
        "Mean |error|/kappa on the validation fifth, kappa in W/m/K, after the last epoch.",
    ),
    Metric(
        MAPE_PUBLISHED_CONVENTION,
        "",
        "lower",
        "The same predictions as mape_best_epoch, in the published convention: standardised log values undone with "
        "the scaler of the data set that the run started from, which shrinks errors.",
    ),
    Metric(
        MAPE_PUBLISHED_CONVENTION_LAST_EPOCH,
        "",
        "lower",
        "The same predictions as mape_last_epoch, in the published convention.",
    ),
)


def _at(epoch: str, when: str) -> tuple[Metric, ...]:
    return (
        Metric(f"mae_{epoch}", "W/m/K", "lower", f"Mean absolute error of kappa on the validation fifth, {when}."),
        Metric(f"rmse_{epoch}", "W/m/K", "lower", f"Root mean square error of kappa on the validation fifth, {when}."),
        Metric(f"r2_{epoch}", "", "higher", f"Coefficient of determination of kappa on the validation fifth, {when}."),
        Metric(
            f"log10_mae_{epoch}",
            "dex",
            "lower",
            f"Mean absolute error of log10(kappa) on the validation fifth, {when}.",
        ),
        Metric(
            f"spearman_{epoch}", "", "higher", f"Spearman rank correlation of kappa on the validation fifth, {when}."
        ),
    )


METRICS: Final[tuple[Metric, ...]] = (
    *_MAPE,
    *_at("best_epoch", "at the best epoch"),
    *_at("last_epoch", "after the last epoch"),
)
METRIC_NAMES: Final[tuple[str, ...]] = tuple(metric.name for metric in METRICS)
