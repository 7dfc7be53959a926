"""Figures and a table of a tuning study: history, importance of the settings, best trials."""

import logging
import math
import warnings
from collections.abc import Callable
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState
from optuna.visualization import matplotlib as draw

from paraisite.tuning.objective import INNER_MAPE

logger = logging.getLogger(__name__)

_FIGURES: Final[dict[str, Callable[..., Any]]] = {
    "history": draw.plot_optimization_history,
    "importance": draw.plot_param_importances,
    "slice": draw.plot_slice,
    "parallel_coordinate": draw.plot_parallel_coordinate,
}
_SIZES: Final = {"slice": (34.0, 6.0), "parallel_coordinate": (16.0, 6.0)}
_N_SHOWN: Final = 10
_MIN_TRIALS: Final = 2
"""Importance needs two values that differ; the others say little of fewer."""


def study_figures(study: Study) -> dict[str, Figure]:
    """Return Optuna's figures of a study by name; none before two trials with different values have ended."""
    values = {trial.value for trial in study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])}
    if len(values) < _MIN_TRIALS:
        logger.info("study %s has no figures yet: fewer than two trials are complete", study.study_name)
        return {}
    return {name: _figure(name, study) for name in _FIGURES}


def study_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the best finished trials as text, the best first: what was measured, and all settings in one column.

    Args:
        trials: As ``study.tabulate_trials`` returns it.
    """
    best = trials[trials["state"] == "complete"].sort_values(INNER_MAPE).head(_N_SHOWN)
    settings = [name for name in best.columns if name not in ("state", INNER_MAPE)]
    shown = {
        INNER_MAPE: [_text(value) for value in best[INNER_MAPE]],
        "settings": [
            ", ".join(f"{name} {_text(value)}" for name, value in zip(settings, row, strict=True))
            for row in best[settings].itertuples(index=False)
        ],
    }
    return pd.DataFrame(shown, index=best.index)


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _figure(name: str, study: Study) -> Figure:
    # In the logarithm, or one trial that diverged would be all that importances explain.
    of_logarithm = {"target": lambda trial: math.log10(trial.value), "target_name": f"log10 of {INNER_MAPE}"}
    options: dict[str, Any] = of_logarithm if name == "importance" else {"target_name": INNER_MAPE}
    # Optuna sets a style for the whole process; the context keeps it from other figures.
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # all of its figures
        drawn = np.ravel(np.asarray(_FIGURES[name](study, **options), dtype=object))
    figure: Figure = drawn[0].figure
    if name == "history":
        drawn[0].set_yscale("log")
    figure.set_size_inches(_SIZES.get(name, (9.0, 5.5)))
    if name == "slice":
        for axes in drawn:
            axes.tick_params(axis="x", labelrotation=90)
    if name != "parallel_coordinate":  # its colour bar's grid has a row without height
        figure.set_layout_engine("tight")
    plt.close(figure)  # Optuna draws with pyplot, which would keep it
    return figure
