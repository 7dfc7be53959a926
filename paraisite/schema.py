"""Column and metric names with their units: the one place where they are spelled.

MLflow keys, table headings, figures and tests read the names from here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

_Ends = TypeVar("_Ends")

# Columns of every validated data table (one row per material).
MATERIAL_ID: Final = "material_id"
FORMULA: Final = "formula"
PROTOTYPE: Final = "prototype"
KAPPA: Final = "kappa_w_per_m_k"
"""Lattice thermal conductivity at 300 K as computed or measured, W/m/K: the label, never a prediction."""
KAPPA_POTENTIAL: Final = "kappa_potential_w_per_m_k"
"""The same under a machine-learned potential, W/m/K, before any correction: a computed value, but no accurate one."""
SOURCE: Final = "source"
REASON: Final = "reason"

KAPPA_LABEL: Final = "lattice thermal conductivity at 300 K (W/m/K)"
"""What axes of figures call it."""

# Columns that only some data tables have.
SPACE_GROUP: Final = "space_group"
"""Number of the space group as the source names it; 0 where it names none."""
BENCHMARK_SPLIT: Final = "benchmark_split"
"""Test set of a published benchmark that the material is in; missing where it is in none."""
SELECTED_BY_LABEL: Final = "selected_by_label"
"""Whether the material is in the table because of its label: see ``data.datasets.label_selection``."""

IS_LABEL: Final = "is_label"
"""Whether a training material's value is a label of our own, computed under a potential, and no accurate one."""

# Columns that say what kind of crystal a material is, besides PROTOTYPE: see ``data.crystal_kinds``.
CHEMISTRY: Final = "chemistry"
CRYSTAL_SYSTEM: Final = "crystal_system"

LOG_FLOOR: Final = 1e-3
"""Smallest argument of a logarithm, W/m/K: well below the conductivity of any known crystal."""

# Columns of a predictions table (one row per material, split and part).
SPLIT_SEED: Final = "split_seed"
ROW: Final = "row"
PART: Final = "part"
KAPPA_BEST_EPOCH: Final = "kappa_best_epoch_w_per_m_k"
KAPPA_LAST_EPOCH: Final = "kappa_last_epoch_w_per_m_k"
TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"

# Columns of every table that holds a model's predictions.
PREDICTED_KAPPA: Final = "predicted_kappa_w_per_m_k"
"""The value that a model gives, W/m/K: the one with the least expected percentage error."""
PREDICTED_MEDIAN_KAPPA: Final = "predicted_median_kappa_w_per_m_k"
"""Median of the predictive distribution, W/m/K."""
LOG10_STD: Final = "log10_std_dex"
"""Standard deviation of log10(kappa) in the predictive distribution, dex."""

COVERAGES: Final = (0.5, 0.8, 0.9)
"""Shares of new rows that intervals are made to hold."""


def interval_columns(coverage: float) -> tuple[str, str]:
    """Return the columns of the lower and upper ends, W/m/K, of the intervals that are made to hold ``coverage``."""
    return f"lower_{100 * coverage:.0f}_w_per_m_k", f"upper_{100 * coverage:.0f}_w_per_m_k"


def name_interval_ends(
    lower: Iterable[_Ends], upper: Iterable[_Ends], name_ends: Callable[[float], tuple[str, str]] = interval_columns
) -> dict[str, _Ends]:
    """Return the ends of intervals by their columns.

    Args:
        lower: Lower ends, for each of ``COVERAGES``.
        upper: Upper ends, likewise.
        name_ends: Returns the columns of an interval's ends.
    """
    return {
        name: ends
        for coverage, *both in zip(COVERAGES, lower, upper, strict=True)
        for name, ends in zip(name_ends(coverage), both, strict=True)
    }


# Columns that refining adds to a row: phonons under a potential, combined with the model's prediction.
KAPPA_CORRECTED: Final = "kappa_corrected_w_per_m_k"
"""Conductivity under a potential with the bias of its functional removed, W/m/K."""
REFINED_KAPPA: Final = "refined_kappa_w_per_m_k"
"""The corrected conductivity combined with the model's own prediction, W/m/K."""
REFINED_REASON: Final = "refined_reason"
"""Why a row has no refined value; its prediction stays."""


def refined_interval_columns(coverage: float) -> tuple[str, str]:
    """Return the columns of the lower and upper ends, W/m/K, of the refined value's intervals."""
    lower, upper = interval_columns(coverage)
    return f"refined_{lower}", f"refined_{upper}"


# Columns of a screening (one row per row of what was screened, in its order; row, material_id, formula, reason beside).
KAPPA_MEAN: Final = "mTC_w_per_m_k"
"""Mean over the members of the predicted conductivity, W/m/K: the paper's mTC."""
KAPPA_VARIANCE: Final = "var_pTC_w2_per_m2_k2"
"""Sample variance over the members of the predicted conductivity, (W/m/K)²: the paper's var(pTC)."""
KAPPA_LOG10_STD: Final = "log10_std_pTC_dex"
"""Sample standard deviation over the members of log10 of the predicted conductivity, dex."""
OUT_OF_DOMAIN: Final = "out_of_domain"
"""Share of held-out rows that lie further inside the applicability domain than the crystal, 0 to 1."""
N_UNSEEN_ELEMENT: Final = "n_unseen_element"
"""How many of the crystal's elements are in no material of the training set."""
OUT_OF_DOMAIN_FLAG: Final = "out_of_domain_flag"
"""Whether the crystal is outside the applicability domain: too far from the training set, or with such an element."""
NEAREST_MATERIAL: Final = "nearest_material_id"
"""The material of the training set that is nearest to the crystal."""

# Columns of an evaluation's estimates and scores (one row per model, seed, split and test material).
MODEL: Final = "model"
SEED: Final = "seed"
SPLIT: Final = "split"
TILT: Final = "tilt"

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
        better: Whether lower or higher values are better; neither where a promised value is.
        meaning: One sentence for a reader of the run page.
    """

    name: str
    unit: str
    better: Literal["lower", "higher", "neither"]
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


LOG10_MAE: Final = "log10_mae"
"""Beginning of the names of mean absolute errors of log10(kappa), dex."""
LN_RATIO: Final = "mean_abs_ln_ratio"
"""Beginning of the names of the same errors as runs log them beside: mean |ln(predicted/known)|."""


def _errors(ending: str, of_what: str) -> tuple[Metric, ...]:
    return (
        Metric(f"mae_{ending}", "W/m/K", "lower", f"Mean absolute error of kappa on {of_what}."),
        Metric(f"rmse_{ending}", "W/m/K", "lower", f"Root mean square error of kappa on {of_what}."),
        Metric(f"r2_{ending}", "", "higher", f"Coefficient of determination of kappa on {of_what}."),
        Metric(f"{LOG10_MAE}_{ending}", "dex", "lower", f"Mean absolute error of log10(kappa) on {of_what}."),
        Metric(f"spearman_{ending}", "", "higher", f"Spearman rank correlation of kappa on {of_what}."),
    )


METRICS: Final[tuple[Metric, ...]] = (
    *_MAPE,
    *_errors("best_epoch", "the validation fifth, at the best epoch"),
    *_errors("last_epoch", "the validation fifth, after the last epoch"),
)
METRIC_NAMES: Final[tuple[str, ...]] = tuple(metric.name for metric in METRICS)

MAPE_TEST: Final = "mape_test"
LOG10_MAE_TEST: Final = "log10_mae_test"
SPEARMAN_TEST: Final = "spearman_test"
OOD_SPEARMAN_TEST: Final = "ood_spearman_test"
OOD_AUROC_TEST: Final = "ood_auroc_test"
OOD_FLAGGED_TEST: Final = "ood_flagged_test"


def format_coverage_metric(coverage: float) -> str:
    """Return the metric for the share of test rows in the intervals that promise to hold ``coverage``."""
    return f"coverage_{coverage:.0%}"


def format_width_metric(coverage: float) -> str:
    """Return the metric for the mean width of these intervals."""
    return f"width_{coverage:.0%}_dex"


TEST_METRICS: Final[tuple[Metric, ...]] = (
    Metric(MAPE_TEST, "", "lower", "Mean |error|/kappa on held-out (test) rows, kappa in W/m/K."),
    *_errors("test", "test rows; of the logarithm, and of ranks, those of the median"),
    *(
        metric
        for coverage in COVERAGES
        for metric in (
            Metric(
                format_coverage_metric(coverage), "", "neither", f"Share of test rows in their {coverage:.0%} interval."
            ),
            Metric(
                format_width_metric(coverage),
                "dex",
                "lower",
                f"Mean width of the {coverage:.0%} intervals of log10(kappa).",
            ),
        )
    ),
    Metric(
        OOD_SPEARMAN_TEST,
        "",
        "higher",
        "Rank correlation of the out-of-domain score and |error of log10(kappa)|, over the test rows of all splits.",
    ),
    Metric(
        OOD_AUROC_TEST,
        "",
        "higher",
        "Chance that the out-of-domain score of one of the worst fifth of these rows is above that of another row.",
    ),
    Metric(OOD_FLAGGED_TEST, "", "neither", "Share of test rows that are out of domain: too far, or a new element."),
)
"""What an evaluation reports of a model."""


def _former_interval_columns() -> dict[str, str]:
    """Return how evaluations and screenings named the ends of intervals, and their names now."""
    former: dict[str, str] = {}
    for coverage in COVERAGES:
        lower, upper = interval_columns(coverage)
        former |= {f"kappa_low_{coverage:.0%}_w_per_m_k": lower, f"kappa_high_{coverage:.0%}_w_per_m_k": upper}
        former |= {f"lower_{100 * coverage:.0f}": lower, f"upper_{100 * coverage:.0f}": upper}
    return former


FORMER_COLUMNS: Final[Mapping[str, str]] = {
    "kappa_estimated_w_per_m_k": PREDICTED_KAPPA,
    "kappa_median_w_per_m_k": PREDICTED_MEDIAN_KAPPA,
    "log10_spread_dex": LOG10_STD,
    **_former_interval_columns(),
}
"""Names of columns in tables written up to version 0.1, and what they are called now: readers rename them."""

FORMER_SCREENING_COLUMNS: Final[Mapping[str, str]] = {**FORMER_COLUMNS, KAPPA: PREDICTED_KAPPA}
"""The same for a screening and the candidates from it, where the column of the label held the prediction."""


def present_names(columns: Iterable[str], former: Mapping[str, str]) -> dict[str, str]:
    """Return how the columns of a table are to be renamed: former names whose present one is not there."""
    there = set(columns)
    return {old: new for old, new in former.items() if old in there and new not in there}
