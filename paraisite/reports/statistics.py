"""Figures of the statistics of predictions: heat maps, variance by step, similarity of models, clusters."""

from collections.abc import Iterator
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from paraisite.analysis.clusters import CLUSTER, ETA_SQUARED, FEATURE, FIRST_AXIS, MEAN_Z, SECOND_AXIS, CrystalClusters
from paraisite.analysis.correlations import QUANTITY, THRESHOLD, N, pivot_by_model
from paraisite.analysis.member_variance import QUANTILES, STEP
from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.reports.axes import log_ticks, plain_frame
from paraisite.reports.field_names import name_in_words
from paraisite.reports.pictures import Drawn
from paraisite.schema import MODEL

_DIVERGING: Final = "RdBu_r"
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7d8894", "#f0e442")
"""Of Okabe and Ito, which colour-blind readers tell apart."""

_MARKERS: Final = "osD^v"
_DARK: Final = 0.6
_MAX_Z: Final = 2.0
_MAX_FEATURES: Final = 24
_N_STRONGEST: Final = 10
_PARTS_OF_BOX: Final = ("whislo", "q1", "med", "q3", "whishi")
"""Matplotlib's names of what ``variance.QUANTILES`` are in a box plot."""


def draw_statistics(findings: StatisticsTables) -> Iterator[Drawn]:
    """Yield the figures of the statistics; those without data are left out."""
    for name, threshold, what in (
        ("heat_map_above_threshold", THRESHOLD, f"Only pairs with |r| > {THRESHOLD:.2f} (the paper's Fig. 7)."),
        ("heat_map", 0.0, "All pairs (the paper's Fig. S12)."),
    ):
        yield Drawn(
            name,
            heat_map(findings.correlations, threshold=threshold),
            findings.correlations,
            f"Pearson's r between each model's predictions and each descriptor. {what}",
            "A grid of coloured cells, descriptors by models: red where both rise together, blue where one falls.",
        )
    if len(findings.member_variances):
        yield Drawn(
            "spread_by_step",
            variance_by_step(findings.member_variances),
            findings.member_variances,
            "Variance over the members of each model (the paper's Fig. 8): boxes from the lower to the upper quartile "
            "of the crystals with the median, whiskers from 5 to 95 %. The step counts the stages of transfer.",
            "Box plots on logarithmic axes, one box per model in order of its step.",
        )
    if len(findings.likeness) > 1:
        yield Drawn(
            "models_alike",
            models_alike(findings.likeness),
            findings.likeness.reset_index(),
            "Similarity of the models' rankings: Spearman correlation of their mTC, and the dendrogram of average "
            "linkage.",
            "A dendrogram of the models beside a matrix of their rank correlations.",
        )
    if findings.clusters is not None:
        yield from _of_clusters(findings.clusters)


def strongest_correlations(findings: StatisticsTables) -> dict[str, pd.DataFrame]:
    """Return for each quantity, by its label, the descriptors that correlate most with it: Pearson's r."""
    tables = {}
    for quantity in findings.correlations[QUANTITY].unique():
        strongest = pivot_by_model(findings.correlations, quantity).dropna(how="all").head(_N_STRONGEST)
        of_models = {"mean of the models": "mean", "lowest": "min", "highest": "max"}
        columns = {heading: strongest.agg(how, axis=1) for heading, how in of_models.items()}
        tables[name_in_words(quantity)] = pd.DataFrame(columns)
    return tables


def heat_map(correlations: pd.DataFrame, *, threshold: float) -> Figure:
    """Draw Pearson's r, a panel per quantity; cells whose |r| does not exceed the threshold stay empty, rows go."""
    quantities = list(correlations[QUANTITY].unique())
    first = pivot_by_model(correlations, quantities[0])
    tables = [pivot_by_model(correlations, quantity).reindex(first.index) for quantity in quantities]
    shown = [table.where(table.abs() > threshold) for table in tables]
    # A panel without a single cell keeps its rows: it says that there is nothing.
    shown = [table.dropna(how="all") if table.notna().any(axis=None) else table for table in shown]
    n_model = max(len(table.columns) for table in tables)
    height = sum(1.3 + 0.26 * len(table) for table in shown)
    figure = Figure(figsize=(3.2 + 0.5 * n_model, 0.6 + height), layout="constrained")
    panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=[len(table) for table in shown])[:, 0]
    for axes, quantity, table in zip(panels, quantities, shown, strict=True):
        _cells(axes, table, limit=1.0)
        axes.set_title(name_in_words(quantity), fontsize=12)
    scale = mpl.cm.ScalarMappable(Normalize(-1, 1), _DIVERGING)
    figure.colorbar(scale, ax=list(panels), label="Pearson's r", location="bottom", shrink=0.6, pad=0.01)
    return figure


def variance_by_step(variances: pd.DataFrame) -> Figure:
    """Draw the quantiles of the variance over each model's members, the models in order of their step."""
    ordered = variances.sort_values(STEP, kind="stable")
    quantities = list(ordered[QUANTITY].unique())
    figure = Figure(
        figsize=(max(4.0, 1.2 + 0.95 * len(ordered[MODEL].unique())), 3.2 * len(quantities)), layout="constrained"
    )
    panels = figure.subplots(len(quantities), 1, squeeze=False)[:, 0]
    for axes, quantity in zip(panels, quantities, strict=True):
        rows = ordered[ordered[QUANTITY] == quantity].to_dict("records")
        boxes = [dict(zip(_PARTS_OF_BOX, (row[name] for name in QUANTILES), strict=True)) for row in rows]
        axes.bxp(
            boxes, showfliers=False, patch_artist=True, widths=0.5,
            boxprops={"facecolor": "#cfe1f2", "edgecolor": _COLOURS[0]}, medianprops={"color": _COLOURS[4]},
        )  # fmt: skip
        steps = [f"step {row[STEP]}" if pd.notna(row[STEP]) else "" for row in rows]
        axes.set_xticks(
            range(1, len(rows) + 1), [f"{row[MODEL]}\n{step}" for row, step in zip(rows, steps, strict=True)]
        )
        axes.tick_params(axis="x", rotation=30)
        axes.set_yscale("log")
        log_ticks(axes.yaxis)
        axes.set_ylabel(name_in_words(quantity))
        plain_frame(axes)
        axes.tick_params(axis="x", labelsize=10)
    return figure


def models_alike(likeness: pd.DataFrame) -> Figure:
    """Draw the dendrogram of average linkage on 1 - rho of the models, and their rank correlations in its order."""
    distance = np.clip(1.0 - likeness.to_numpy(np.float64), 0.0, None)
    tree = linkage(squareform(distance, checks=False), "average")
    figure = Figure(figsize=(10.0, 1.6 + 0.6 * len(likeness)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.8))
    leaves = dendrogram(
        tree, orientation="left", labels=list(likeness.index), ax=left, link_color_func=lambda _: _COLOURS[0]
    )
    left.set_xlabel("1 − Spearman's rho")
    plain_frame(left)
    order = leaves["ivl"][::-1]
    _cells(right, likeness.loc[order, order], limit=1.0)
    right.set_yticks([])  # the tree has these names, at the same heights
    return figure


def _of_clusters(clusters: CrystalClusters) -> Iterator[Drawn]:
    n_cluster = len(clusters.elements)
    yield Drawn(
        "clusters",
        cluster_map(clusters.crystals),
        clusters.crystals,
        f"The crystals in {n_cluster} clusters of descriptors and predictions (the paper's Fig. 9), on the first two "
        "principal components of the standardised features; cluster 1 has the lowest conductivities.",
        "A cloud of points in a plane, coloured by cluster.",
    )
    yield Drawn(
        "cluster_profiles",
        cluster_profiles(clusters.profiles),
        clusters.profiles,
        "Features that separate the clusters: mean in each cluster, in standard deviations from the mean of all "
        "crystals, the most different features first.",
        "A grid of coloured cells, features by clusters: red above the mean of all crystals, blue below.",
    )


def cluster_map(crystals: pd.DataFrame) -> Figure:
    """Draw the crystals on their first two principal components, coloured by cluster."""
    figure = Figure(figsize=(6.0, 5.0), layout="constrained")
    axes = figure.subplots()
    for number, (cluster, rows) in enumerate(crystals.groupby(CLUSTER)):
        axes.plot(
            rows[FIRST_AXIS], rows[SECOND_AXIS], _MARKERS[number % len(_MARKERS)],
            color=_COLOURS[number % len(_COLOURS)], markersize=3.5, alpha=0.6,
            markeredgewidth=0, label=f"cluster {cluster}: {len(rows):,}", rasterized=True,
        )  # fmt: skip
    axes.set_xlabel("first principal component (standard deviations)")
    axes.set_ylabel("second principal component")
    plain_frame(axes)
    axes.legend(
        frameon=False, fontsize=10, markerscale=1.6, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0),
        handletextpad=0.1, columnspacing=1.0,
    )  # fmt: skip
    return figure


def cluster_profiles(profiles: pd.DataFrame) -> Figure:
    """Draw the mean of each feature in each cluster, in standard deviations, for the features that differ the most."""
    strongest = profiles.groupby(FEATURE)[ETA_SQUARED].first().nlargest(_MAX_FEATURES).index
    table = profiles.pivot_table(index=FEATURE, columns=CLUSTER, values=MEAN_Z).loc[strongest]
    counts = profiles.groupby(CLUSTER)[N].first()
    table.columns = pd.Index([f"{cluster}\n({counts[cluster]:,})" for cluster in table.columns])
    figure = Figure(figsize=(6.0 + 0.85 * len(counts), 1.5 + 0.3 * len(table)), layout="constrained")
    axes = figure.subplots()
    _cells(axes, table, limit=_MAX_Z)
    axes.set_xlabel("cluster (crystals)")
    axes.set_xticks(axes.get_xticks(), list(table.columns), rotation=0, ha="center")
    scale = mpl.cm.ScalarMappable(Normalize(-_MAX_Z, _MAX_Z), _DIVERGING)
    figure.colorbar(scale, ax=axes, label="standard deviations from the mean", shrink=0.6)
    return figure


def _cells(axes: Axes, table: pd.DataFrame, *, limit: float) -> None:
    """Draw a table as coloured cells with their numbers; NaN stays empty."""
    values = table.to_numpy(np.float64)
    axes.imshow(values, cmap=_DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if abs(value) > _DARK * limit else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=10, color=ink)
    axes.set_xticks(range(table.shape[1]), [str(name) for name in table.columns], rotation=30, ha="right", fontsize=10)
    axes.set_yticks(range(table.shape[0]), [name_in_words(str(name)) for name in table.index], fontsize=10)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
