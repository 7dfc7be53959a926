"""Figures of finished recipes: learning curves, MAPE of the splits, parity.

Each function returns a Matplotlib ``Figure`` that belongs to no window and to no global state.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from paraisite import schema
from paraisite.metrics.kappa_errors import COLUMN_OF_EPOCH, Epoch, summarise_metrics
from paraisite.reports.axes import log_ticks, new_figure, parity_axes
from paraisite.reports.field_names import DATA_SET_NAMES
from paraisite.training.recipe_result import RecipeResult

FORMATS: Final = ("png", "svg", "pdf")
_TRAIN_COLOUR: Final = "#9aa5b1"
_VALIDATION_COLOUR: Final = "#1f6fb4"
_SPLIT_COLOURS: Final = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442", "#000000", "#8a939d",
)  # fmt: skip
_PUBLISHED_COLOUR: Final = "#c0392b"
_MAX_LINEAR_RANGE: Final = 5.0
_MOST_UPRIGHT_NAMES: Final = 3
"""More names of recipes side by side would touch."""


def recipe_figures(result: RecipeResult) -> dict[str, Figure]:
    """Return the figures of one recipe by file name without ending."""
    return {
        "learning_curves": learning_curves(result),
        "mape_of_splits": mape_of_splits([result]),
        "parity_best_epoch": parity(result, epoch="best_epoch"),
        "parity_last_epoch": parity(result, epoch="last_epoch"),
    }


def save_figure(figure: Figure, path: Path) -> tuple[Path, ...]:
    """Write a figure as PNG (150 dpi), SVG and PDF beside each other; ``path`` has no ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    files = tuple(path.with_name(f"{path.name}.{ending}") for ending in FORMATS)
    for file in files:
        # The salt and the missing date make equal figures equal files.
        with mpl.rc_context({"svg.hashsalt": "paraisite"}):
            metadata = {"png": None, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[file.suffix[1:]]
            figure.savefig(file, dpi=150, metadata=metadata)
    return files


def save_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write figures by file name without ending; see ``save_figure``."""
    for name, figure in figures.items():
        save_figure(figure, folder / name)


def learning_curves(result: RecipeResult) -> Figure:
    """Draw training and validation MAPE of every split and their mean, with each split's best epoch."""
    figure, axes = new_figure(6.6, 4.6)
    for name, colour, label in (
        (schema.TRAIN_MAPE, _TRAIN_COLOUR, "training"),
        (schema.VALIDATION_MAPE, _VALIDATION_COLOUR, "validation"),
    ):
        curves = result.curves.pivot(index=schema.EPOCH, columns=schema.SPLIT_SEED, values=name) * 100
        axes.plot(curves.index, curves.to_numpy(), color=colour, linewidth=0.7, alpha=0.45)
        axes.plot(curves.index, curves.mean(axis=1), color=colour, linewidth=2.4, label=f"{label}, mean of splits")
    best = result.curves.set_index([schema.SPLIT_SEED, schema.EPOCH])[schema.VALIDATION_MAPE]
    heights = [100 * best.get((seed, epoch), np.nan) for seed, epoch in result.best_epoch.items()]
    axes.plot(
        result.best_epoch, heights, "o", color=_VALIDATION_COLOUR, markeredgecolor="white", markersize=7,
        label="best epoch of a split", linestyle="none",
    )  # fmt: skip
    mape_axis(axes, result.curves[[schema.TRAIN_MAPE, schema.VALIDATION_MAPE]].to_numpy())
    axes.set_xlabel("epoch")
    axes.set_ylabel("MAPE of kappa (%)")
    axes.set_xlim(0, result.curves[schema.EPOCH].max() * 1.01)
    n_diverged = int(result.diverged.sum())
    diverged = f", {n_diverged} diverged (mean over the rest)" if n_diverged else ""
    dataset = DATA_SET_NAMES.get(result.dataset.name, result.dataset.name)
    axes.legend(
        title=f"{result.recipe.name}: {len(result.splits)} splits of {dataset}{diverged}",
        title_fontsize=11, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=10,
        handlelength=1.2, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip
    return figure


def mape_of_splits(results: Sequence[RecipeResult]) -> Figure:
    """Draw the splits' MAPE as points over a box, for each recipe: best epoch, last epoch, published convention.

    The published value belongs to the published convention and is a line across those points only.
    """
    names = (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH, schema.MAPE_PUBLISHED_CONVENTION)
    labels = ("best epoch", "last epoch", "published convention")
    colours = ("#0072b2", "#e69f00", "#009e73")
    figure, axes = new_figure(max(5.5, 1.2 + 0.9 * len(results)), 4.8)
    handles: list[Artist] = []
    for offset, (name, label, colour) in enumerate(zip(names, labels, colours, strict=True)):
        for position, result in enumerate(results):
            _box(axes, result.metrics[name].to_numpy(), at=position + 0.27 * (offset - 1), colour=colour)
        handles.append(axes.plot([], [], "s", color=colour, alpha=0.7, label=label)[0])
    for position, result in enumerate(results):
        if result.recipe.published_mape is not None:
            line = axes.hlines(
                100 * result.recipe.published_mape, position + 0.13, position + 0.41,
                color=_PUBLISHED_COLOUR, linewidth=2.2, label="published value", zorder=4,
            )  # fmt: skip
            handles[3:] = [line]
    mape_axis(axes, np.concatenate([result.metrics[list(names)].to_numpy() for result in results]))
    axes.set_xticks(range(len(results)), [_recipe_label(result) for result in results])
    if len(results) > _MOST_UPRIGHT_NAMES:
        axes.tick_params(axis="x", rotation=30)
    axes.set_xlim(-0.5, len(results) - 0.5)
    axes.set_ylabel("MAPE of kappa on validation rows (%)")
    axes.legend(handles=handles, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def parity(result: RecipeResult, *, epoch: Epoch) -> Figure:
    """Draw predicted against known kappa of all validation rows, coloured by split, with the factor-2 band."""
    rows = result.predictions[result.predictions[schema.PART] == schema.VALIDATION]
    column = COLUMN_OF_EPOCH[epoch]
    shown = rows[np.isfinite(rows[column]) & (rows[column] > 0)]
    figure, axes = new_figure(6.0, 5.6)
    parity_axes(axes, shown[[schema.KAPPA, column]].to_numpy())
    colours = _colours(len(result.splits))
    for colour, (seed, group) in zip(colours, shown.groupby(schema.SPLIT_SEED, sort=False), strict=False):
        axes.plot(
            group[schema.KAPPA], group[column], "o", color=colour, markersize=5, alpha=0.75, markeredgewidth=0,
            label=f"split {seed}",
        )  # fmt: skip
    axes.set_xlabel(f"known {schema.KAPPA_LABEL}")
    axes.set_ylabel("predicted (W/m/K)")
    axes.set_title(_parity_title(result, epoch, n_omitted=len(rows) - len(shown)), fontsize=11)
    axes.legend(frameon=False, fontsize=9, loc="upper left", handletextpad=0.3)
    return figure


def _parity_title(result: RecipeResult, epoch: Epoch, *, n_omitted: int) -> str:
    mape = summarise_metrics(result.metrics).loc[f"mape_{epoch}"]
    title = (
        f"{result.recipe.name}, {epoch.replace('_', ' ')}: validation rows of {len(result.splits)} splits\n"
        f"MAPE {100 * mape['mean']:.0f} ± {100 * mape['std']:.0f} % over {mape['n_run']:.0f} splits"
    )
    return f"{title}; {n_omitted} values omitted: not positive or not finite" if n_omitted else title


def mape_axis(axes: Axes, fractions: np.ndarray) -> None:
    """Show fractions as per cent, on a log axis where they span more than a factor of five."""
    finite = fractions[np.isfinite(fractions) & (fractions > 0)]
    if len(finite) and finite.max() > _MAX_LINEAR_RANGE * finite.min():
        axes.set_yscale("log")
        log_ticks(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)


def _box(axes: Axes, fractions: np.ndarray, *, at: float, colour: str) -> None:
    finite = 100 * fractions[np.isfinite(fractions)]
    if not len(finite):
        axes.text(at, 0.5, "all diverged", rotation=90, va="center", transform=axes.get_xaxis_transform())
        return
    axes.boxplot(
        finite, positions=[at], widths=0.2, showfliers=False, patch_artist=True, manage_ticks=False,
        boxprops={"facecolor": colour, "alpha": 0.25, "edgecolor": colour},
        medianprops={"color": colour, "linewidth": 2}, whiskerprops={"color": colour}, capprops={"color": colour},
    )  # fmt: skip
    # Fixed offsets: the same figure from the same numbers.
    offsets = 0.05 * np.linspace(-1, 1, len(finite)) if len(finite) > 1 else np.zeros(1)
    axes.plot(at + offsets, finite, "o", color=colour, markersize=4.5, alpha=0.8, markeredgewidth=0)


def _recipe_label(result: RecipeResult) -> str:
    n_finite = int(np.isfinite(result.metrics[schema.MAPE_LAST_EPOCH]).sum())
    n_split = len(result.splits)
    return result.recipe.name + (f"\n({n_split - n_finite} of {n_split} diverged)" if n_finite < n_split else "")


def _colours(n: int) -> np.ndarray:
    """Return colours that colour-blind readers tell apart: Okabe and Ito's and grey, else a scale of brightness."""
    if n <= len(_SPLIT_COLOURS):
        return np.asarray([to_rgba(colour) for colour in _SPLIT_COLOURS[:n]])
    return np.asarray(mpl.colormaps["viridis"](np.linspace(0, 1, n)))
