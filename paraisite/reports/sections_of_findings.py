"""The section of the report on statistics of predictions over a screening."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from paraisite.analysis.clusters import CLUSTER, ELEMENTS, FEATURE, LOG10_MEAN, MEDIAN, CrystalClusters
from paraisite.analysis.correlations import (
    DESCRIPTOR,
    PEARSON_R,
    QUANTITY,
    THRESHOLD,
    N,
    pivot_by_model,
    select_above_threshold,
)
from paraisite.analysis.member_variance import RATIO, RATIO_HIGH, RATIO_LOW, REFERENCE, SHARE_LOWER, STEP
from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.metrics.paired_tests import P_HOLM
from paraisite.reports.document import CaptionedTable, Section
from paraisite.reports.field_names import name_in_words
from paraisite.reports.statistics import draw_statistics
from paraisite.schema import MODEL

_NOTHING: Final = "–"
_SIGNIFICANT: Final = 0.05
_NOT_SIGNIFICANT: Final = "°"


def statistics_section(findings: StatisticsTables, source: str) -> Section:
    """Return the statistics of a screening.

    Args:
        findings: The tables.
        source: Description of the structures.
    """
    n = int(findings.correlations[N].max())
    tables = [_strong_pairs(findings, quantity) for quantity in findings.correlations[QUANTITY].unique()]
    if len(findings.member_variances):
        tables.append(_member_variances(findings))
    if findings.clusters is not None:
        tables.append(_clusters(findings.clusters))
    return Section(
        "Statistics of the predictions",
        words=(
            f"All final models predict the conductivities of {source}: {n:,} crystals. The mean prediction (mTC) and "
            "the variance over the nine members (var(pTC)) are correlated with descriptors of the crystals. Pearson's "
            "r is 1 or −1 for an exact linear relation and 0 for none.",
            "With so many crystals nearly every correlation is statistically significant, so that the size of r "
            "matters, not its p-value. As in the paper, correlations are shown for |r| > 0.10. p-values are corrected "
            "for the number of tests; the files beside this page hold these, the uncorrected ones, and Spearman's rank "
            "correlations.",
            "var(pTC) grows with the square of the conductivity; the standard deviation of the logarithm does not, and "
            "measures relative disagreement of the members.",
            *_in_words(findings),
        ),
        figures=list(draw_statistics(findings)),
        tables=tables,
        folded=(_tests(findings),) if len(findings.tests) else (),
    )


def _in_words(findings: StatisticsTables) -> Iterator[str]:
    """Yield a sentence per quantity: its strongest correlations, averaged over the models."""
    for quantity in findings.correlations[QUANTITY].unique():
        means = pivot_by_model(findings.correlations, quantity).mean(axis=1).dropna()
        strongest = means[means.abs() > THRESHOLD].head(3)
        if len(strongest):
            named = ", ".join(f"{name_in_words(str(name))} ({value:+.2f})" for name, value in strongest.items())
            yield f"**{name_in_words(quantity)}** correlates most with {named}; mean r over the models."


def _strong_pairs(findings: StatisticsTables, quantity: str) -> CaptionedTable:
    strong = select_above_threshold(findings.correlations, quantity)
    cells = strong.assign(
        cell=[
            f"{r:+.2f}{'' if p < _SIGNIFICANT else _NOT_SIGNIFICANT}"
            for r, p in zip(strong[PEARSON_R], strong[P_HOLM], strict=True)
        ]
    )
    wide = cells.pivot_table(index=DESCRIPTOR, columns=MODEL, values="cell", aggfunc="first", sort=False)
    ordered = [name for name in pivot_by_model(findings.correlations, quantity).index if name in wide.index]
    models = [name for name in findings.correlations[MODEL].unique() if name in wide.columns]
    return CaptionedTable(
        f"{name_in_words(quantity)}: Pearson's r where |r| > {THRESHOLD:.2f} (the paper's Tables 1 to 4). "
        f"{_NOT_SIGNIFICANT}: not significant, Holm-corrected p ≥ {_SIGNIFICANT}.",
        wide.reindex(index=ordered, columns=models)
        .fillna(_NOTHING)
        .rename(index=name_in_words)
        .rename_axis(DESCRIPTOR),
    )


def _member_variances(findings: StatisticsTables) -> CaptionedTable:
    rows = findings.member_variances.sort_values([QUANTITY, STEP], ascending=[False, True], kind="stable")
    columns = {
        "step": [_NOTHING if pd.isna(step) else str(step) for step in rows[STEP]],
        "quantity": [name_in_words(name) for name in rows[QUANTITY]],
        "crystals": [f"{n:,}" for n in rows[N]],
        "lower quartile": [_digits(value, 3) for value in rows["q25"]],
        "median": [_digits(value, 3) for value in rows["median"]],
        "upper quartile": [_digits(value, 3) for value in rows["q75"]],
        "mean": [_digits(value, 3) for value in rows["mean"]],
    }
    return CaptionedTable(
        "Variance over the members of each model; the step counts the stages of transfer.",
        pd.DataFrame(columns, index=pd.Index(rows[MODEL], name=MODEL)),
    )


def _tests(findings: StatisticsTables) -> CaptionedTable:
    rows = findings.tests
    intervals = zip(rows[RATIO], rows[RATIO_LOW], rows[RATIO_HIGH], strict=True)
    columns = {
        "compared with": rows[REFERENCE].to_list(),
        "quantity": [name_in_words(name) for name in rows[QUANTITY]],
        "ratio (95 % interval)": [f"{ratio:.2f} ({low:.2f} to {high:.2f})" for ratio, low, high in intervals],
        "lower on": [f"{share:.0%}" for share in rows[SHARE_LOWER]],
        "p (Holm)": [f"{p:.2g}" for p in rows[P_HOLM]],
    }
    return CaptionedTable(
        "Pairwise comparison of the members' variance on the same crystals: median ratio, share of crystals on which "
        "it is lower, and Wilcoxon's signed-rank test on the logarithms",
        pd.DataFrame(columns, index=pd.Index(rows[MODEL], name=MODEL)),
    )


def _clusters(clusters: CrystalClusters) -> CaptionedTable:
    predicted = clusters.profiles[clusters.profiles[FEATURE].str.startswith(f"{LOG10_MEAN} ")]
    median = np.power(10.0, predicted.groupby(CLUSTER)[MEDIAN].median())
    numbers = clusters.elements[CLUSTER]
    columns = {
        "crystals": [f"{n:,}" for n in clusters.elements[N]],
        "median mTC (W/m/K)": [_digits(median[number], 2) for number in numbers],
        "overrepresented elements": clusters.elements[ELEMENTS].to_list(),
    }
    return CaptionedTable("Clusters of crystals.", pd.DataFrame(columns, index=pd.Index(numbers, name=CLUSTER)))


def _digits(value: float, n_digit: int) -> str:
    """Write a value with so many significant digits, a large one as 1,550 and not as 1.55e+03."""
    rounded = float(f"{value:.{n_digit}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10.0**n_digit else f"{value:.{n_digit}g}"
