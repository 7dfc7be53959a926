"""A replay on Togo15 of how its materials could have been chosen for computing, by every rule."""

from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from paraisite.active_learning.replay import STRATEGY, ReplayMaterials, ReplayOptions, replay_acquisition
from paraisite.active_learning.replay_summary import LABELS_TO_LOWEST, MEAN, QUANTITY, average_curves, summarise_replay
from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.core.paths import CANDIDATES
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.descriptors import structure_descriptors
from paraisite.models.gaussian_process import gaussian_process
from paraisite.reports.candidates import replay_figures, replay_table
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render
from paraisite.schema import KAPPA
from paraisite.tracking.runs import log_choice, recipe_run
from paraisite.training.recipes import TOGO15
from paraisite.workflows.select import FIGURES

REPLAY_FILE: Final = "replay.csv"


SUMMARY_OF_REPLAY_FILE: Final = "replay_summary.csv"


def replay_selection(options: ReplayOptions, *, n_process: int, output: Path | None) -> None:
    """Replay on Togo15 how its materials could have been chosen for computing, by every rule.

    The model is the Gaussian process on physical and ionic descriptors.

    Args:
        options: How many starts and labels.
        n_process: Replays side by side.
        output: Where tables and figures go; None for ``build/candidates/``.

    Raises:
        ConfigError: There are too few materials for so many labels.
    """
    target, dataset = output or CANDIDATES, load_data(TOGO15, load_config())
    values = np.log10(dataset.table[KAPPA].to_numpy(np.float64))
    materials = ReplayMaterials(structure_descriptors(CrystalArrays.from_structures(dataset.structures)), values)
    with recipe_run("replay of choices") as run_id:
        table = replay_acquisition(materials, gaussian_process, options=options, n_process=n_process)
        summary = summarise_replay(table, n_lowest=options.n_lowest)
        target.mkdir(parents=True, exist_ok=True)
        table.to_csv(target / REPLAY_FILE, index=False, float_format="%.6g")
        summary.to_csv(target / SUMMARY_OF_REPLAY_FILE, index=False, float_format="%.6g")
        for name, figure in replay_figures(average_curves(table)).items():
            save_figure(figure, target / FIGURES / name)
        labels = summary[summary[QUANTITY] == LABELS_TO_LOWEST]
        means = zip(labels[STRATEGY], labels[MEAN], strict=True)
        metrics = {f"{LABELS_TO_LOWEST} {rule}": mean for rule, mean in means}
        log_choice(metrics, parameters=options.parameters(), folder=target, run_id=run_id)
    title = f"Mean over {options.n_start} starts (95 % interval)"
    Console().print(render(replay_table(summary), title=title))
