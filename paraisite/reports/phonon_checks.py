"""Figures and tables of conductivities under a potential: beside known values, and under various settings."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite.labels.settings_study import AS_LABELS, FITTED, PUBLISHED_KAPPA
from paraisite.metrics.agreement import Agreement
from paraisite.metrics.kappa_errors import compute_coverage
from paraisite.metrics.triple_collocation import CollocatedError, collocate
from paraisite.reports.axes import new_figure, parity_axes, plain_frame
from paraisite.schema import (
    COVERAGES,
    KAPPA,
    KAPPA_CORRECTED,
    KAPPA_LABEL,
    KAPPA_POTENTIAL,
    PREDICTED_KAPPA,
    REASON,
    interval_columns,
    refined_interval_columns,
)

PUBLISHED: Final = "published_w_per_m_k"
RATIO: Final = "ratio_to_published"

_COLOURS: Final = ("#1f6fb4", "#e08a1e", "#5a9e4b")
_TOLERANCE: Final = 0.1
_COMPARED: Final = "conductivities"
_ON_TERMINAL: Final = ("variant", KAPPA_POTENTIAL, PUBLISHED, RATIO, REASON)


def parity_by_dataset(rows: pd.DataFrame, column: str, title: str) -> Figure:
    """Draw computed against known conductivities, a colour for each data set.

    Args:
        rows: With dataset, kappa_w_per_m_k (known) and ``column``.
        column: What is computed, W/m/K.
        title: Of the figure.
    """
    figure, axes = new_figure(6.4, 6.4)
    parity_axes(axes, rows[[KAPPA, column]].to_numpy(np.float64).T)
    for (name, part), colour in zip(rows.groupby("dataset"), _COLOURS, strict=False):
        error = float(np.abs(np.log(part[column] / part[KAPPA])).mean())
        label = f"{name}: {len(part)} crystals, mean |ln ratio| {error:.2f}"
        axes.plot(part[KAPPA], part[column], "o", color=colour, markersize=5, alpha=0.6, markeredgewidth=0, label=label)
    axes.set_xlabel(f"known {KAPPA_LABEL}")
    axes.set_ylabel("computed (W/m/K)")
    axes.set_title(title, fontsize=11)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def agreement_table(agreements: Mapping[str, Agreement]) -> pd.DataFrame:
    """Return agreements as text, a row for each, errors as mean |ln(computed/known)| with bootstrap intervals."""
    rows = [
        {
            "crystals": f"{each.n}",
            "mean |ln ratio|": f"{each.mean_abs_ln_ratio:.3f} "
            f"({each.mean_abs_ln_ratio_low:.3f} to {each.mean_abs_ln_ratio_high:.3f})",
            "bias (ln)": f"{each.mean_log10_ratio * np.log(10.0):+.3f}",
            "Spearman": f"{each.spearman:.3f}",
            "within a factor of 2": f"{each.within_factor_2:.0%}",
            "MAPE": f"{each.mape:.2f}",
        }
        for each in agreements.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(agreements, name=_COMPARED))


def agreement_numbers(agreements: Mapping[str, Agreement]) -> pd.DataFrame:
    """Return agreements as numbers, a row for each, with the fields' names."""
    return pd.DataFrame(map(asdict, agreements.values()), index=pd.Index(agreements, name=_COMPARED))


def coverage_table(samples: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return which share of known conductivities is in the intervals of predictions and of refined values.

    Args:
        samples: Rows by the sample's name, with known values and both intervals.

    Returns:
        A row for each sample, value and promised coverage: crystals, share, and the mean of ln(upper/lower).
    """
    rows = []
    for sample, part in samples.items():
        for value, name_columns in {"predicted": interval_columns, "refined": refined_interval_columns}.items():
            for coverage in COVERAGES:
                lower, upper = (part[name].to_numpy(np.float64) for name in name_columns(coverage))
                known = part[KAPPA].to_numpy(np.float64)
                inside = compute_coverage(known, lower, upper)
                rows.append((sample, value, len(part), coverage, inside, float(np.log(upper / lower).mean())))
    return pd.DataFrame(rows, columns=["sample", "value", "crystals", "promised", "held", "width_ln"])


def collocation_table(samples: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how far known values, predictions and corrected values each are off, if their errors are independent.

    Args:
        samples: Rows by the sample's name, none of them selected by its label.

    Returns:
        A row for each sample and value: crystals, the mean |ln ratio| beside the truth, and its bootstrap interval.
    """
    columns = {"known": KAPPA, "predicted": PREDICTED_KAPPA, "corrected": KAPPA_CORRECTED}
    rows = [
        {"sample": sample, "value": value, "crystals": len(part)} | asdict(error)
        for sample, part in samples.items()
        for value, error in zip(columns, collocate(part[list(columns.values())].to_numpy().T), strict=True)
    ]
    return pd.DataFrame(rows, columns=["sample", "value", "crystals", *(each.name for each in fields(CollocatedError))])


def compare_with_published(rows: pd.DataFrame, potential: str) -> pd.DataFrame:
    """Return the rows of a settings study beside the published values of the same potential.

    Args:
        rows: As ``labels.settings_study`` gives them.
        potential: Its name; in double precision it has the values of single precision.
    """
    published = PUBLISHED_KAPPA.get(potential.removesuffix("-float64"), {})
    known = rows["compound"].map(published)
    table = rows.assign(**{PUBLISHED: known, RATIO: rows[KAPPA_POTENTIAL] / known})
    first = ["compound", "variant", KAPPA_POTENTIAL, PUBLISHED, RATIO]
    others = [name for name in table.columns if name not in (*first, REASON)]
    return table[[*first, *others, REASON]]


def settings_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return conductivities under various settings as text, a row for each (index: compound).

    Args:
        table: As ``compare_with_published`` returns it.
    """
    shown = table.set_index("compound")[list(_ON_TERMINAL)]
    return shown.map(lambda value: f"{value:.4g}" if isinstance(value, float) else value).replace("nan", "–")


def settings_figure(table: pd.DataFrame, potential: str) -> Figure:
    """Draw the ratio to published values: of all compounds, and of one compound under each change of settings.

    Args:
        table: As ``compare_with_published`` returns it.
        potential: For the title.
    """
    compared = table[table["variant"].isin((AS_LABELS, FITTED))]
    changes = table[~table["variant"].isin((AS_LABELS, FITTED)) & ~table["variant"].str.contains("charges")]
    labels = [
        *(f"{row.compound}: {row.variant}" for row in compared.itertuples()),
        *(f"{row.compound}: {row.variant}" for row in changes.itertuples()),
    ]
    ratios = pd.concat([compared[RATIO], changes[RATIO]]).to_numpy(np.float64)
    figure, axes = new_figure(8.0, 1.2 + 0.22 * len(labels))
    places = np.arange(len(labels))[::-1]
    axes.axvspan(1.0 - _TOLERANCE, 1.0 + _TOLERANCE, color="#d9e6f2", linewidth=0, label="within 10 %")
    axes.axvline(1.0, color="#555555", linewidth=1)
    axes.plot(ratios, places, "o", color=_COLOURS[0])
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("conductivity over the published value of the same potential")
    axes.set_title(potential, fontsize=11)
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    plain_frame(axes)
    return figure
