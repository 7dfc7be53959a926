"""Draw the figures of README and of these pages: ``python -m docs.draw_figures``, in the repository's folder.

``architecture.png`` is drawn from the layers of import-linter's contract in ``pyproject.toml``, the others from results
that ``dvc pull`` brings. Two are not drawn here: ``app.png`` shows the page, and the results of ``transfer.png`` take
hours (`python -m paraisite transfer`, then `figure transfer`).
"""

import tomllib
from pathlib import Path
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

FIGURES: Final = Path(__file__).parent / "figures"
PREDICTIONS: Final = Path("build/cross_validate/predictions.csv.gz")
TEXTBOOK: Final = Path("build/check_textbook/table.csv")

LAB_MODELS: Final = ("RWLAB", "FELAB", "RWTG15", "LFETG15", "RWLABTG15", "FELABTG15")
OF_VERB: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "interval_coverage": ("interval-coverage", (), "accurate"),
    "element_map": ("element-map", (), "accurate"),
    "periodic_table": ("periodic-table", (), "accurate"),
    "backbones": ("backbones", (), "togo15"),
    "mape_of_splits": ("mape", LAB_MODELS, "togo15"),
}
"""Figures that ``python -m paraisite figure`` draws: by file, the name, models and data set that it is given."""

CAPTIONS: Final = {
    "__main__": "python -m paraisite",
    "app": "web page",
    "cli": "verbs and their options",
    "workflows": "one module per verb: from inputs to outputs and tracking",
    "reports": "figures, tables, the HTML report",
    "artifacts": "where things are kept: data sets, weights, models, outputs",
    "tracking": "MLflow: runs and registry",
    "active_learning": "candidates, what to compute next",
    "analysis": "correlations, clusters, the default model's errors",
    "dft_inputs": "VASP, Quantum ESPRESSO",
    "explain": "contributions",
    "screening": "millions of structures in, rows out",
    "inference": "the predictor: calibration, applicability domain",
    "tuning": "Optuna studies",
    "evaluation": "protocols, cross-validation, leakage",
    "training": "engine.fit, recipes, pretraining",
    "metrics": "numbers on arrays: errors, coverage, paired tests",
    "models": "MEGNet, Gaussian processes, baselines",
    "features": "descriptors",
    "graphs": "neighbours, exact quotient, packing",
    "labels": "potentials, phonons, conductivities of our own",
    "data": "sources (all network code), validated tables, splits",
    "core": "files, paths, processes, progress",
    "arrays": "",
    "config": "settings",
    "errors": "",
    "schema": "columns and units",
}
"""What a box says under a package's name."""

_FILLS: Final = ("#dfeaf5", "#eef3f8")
_EDGE: Final = "#7d93a8"


def layers() -> list[list[str]]:
    """Return the packages of the layers contract, the highest layer first."""
    settings = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (rows,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip(" ()") for name in row.split(":")] for row in rows]


def architecture() -> Figure:
    """Draw the layers as bands of boxes; an arrow beside them tells which way imports go."""
    from paraisite.reports.axes import new_canvas

    rows = layers()
    figure = new_canvas(9.0, 0.52 * len(rows) + 0.3)
    axes = figure.subplots()
    axes.set(xlim=(-0.5, 10.05), ylim=(len(rows) + 0.05, -0.55))
    axes.axis("off")
    for place, row in enumerate(rows):
        width = 10.0 / len(row)
        for number, name in enumerate(row):
            _box(axes, name, left=number * width, top=place, width=width - 0.06, n_beside=len(row))
    arrow = {"arrowstyle": "-|>", "color": "#4a5a6a", "linewidth": 1.4}
    axes.annotate("", (-0.25, len(rows) - 0.2), (-0.25, 0.0), arrowprops=arrow)
    axes.text(-0.38, len(rows) / 2, "imports", rotation=90, ha="center", va="center", fontsize=9, color="#4a5a6a")
    axes.text(0, -0.2, "A package imports only from the rows below it", fontsize=10, color="#4a5a6a")
    return figure


def _box(axes: Axes, name: str, *, left: float, top: float, width: float, n_beside: int) -> None:
    box = FancyBboxPatch(
        (left, top + 0.04),
        width,
        0.88,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=_FILLS[int(top) % 2],
        edgecolor=_EDGE,
        linewidth=0.8,
    )
    axes.add_patch(box)
    caption = CAPTIONS[name]
    if n_beside == 1:
        axes.text(left + 0.15, top + 0.5, name, fontsize=10, fontweight="bold", va="center")
        axes.text(left + 2.2, top + 0.5, caption, fontsize=9, va="center")
        return
    above = top + (0.33 if caption else 0.48)
    axes.text(left + width / 2, above, name, fontsize=10, fontweight="bold", ha="center", va="center")
    axes.text(left + width / 2, top + 0.69, caption, fontsize=7.5, ha="center", va="center")


def parity() -> Figure:
    """Draw the default model's predictions of held-out formulas."""
    from paraisite.reports.cross_validation import draw_parity

    figure = draw_parity(pd.read_csv(PREDICTIONS))
    figure.set_size_inches(6.0, 5.4)
    return figure


def textbook() -> Figure:
    """Draw the default model's predictions of textbook crystals."""
    from paraisite.reports.textbook import draw_textbook

    return draw_textbook(pd.read_csv(TEXTBOOK))


def main() -> None:
    """Write the figures into ``docs/figures/``."""
    parity().savefig(FIGURES / "parity.png", dpi=100)
    from paraisite.workflows.figure import FIGURES as DRAWN

    for file, (name, models, dataset) in OF_VERB.items():
        DRAWN[name](models, dataset).savefig(FIGURES / f"{file}.png", dpi=100)
    textbook().savefig(FIGURES / "textbook.png", dpi=100)
    architecture().savefig(FIGURES / "architecture.png", dpi=110)


if __name__ == "__main__":
    main()
