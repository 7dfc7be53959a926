"""Replay active learning on Togo15 with every acquisition function."""

from pathlib import Path

import numpy as np

from paraisite.active_learning.replay import STRATEGY, ReplayMaterials, ReplayOptions, replay_acquisition
from paraisite.active_learning.replay_summary import LABELS_TO_LOWEST, MEAN, QUANTITY, average_curves, summarise_replay
from paraisite.artifacts.candidate_lists import write_replay
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.stage_folders import FIGURES
from paraisite.config import load_config
from paraisite.core.paths import CANDIDATES
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.descriptors import compute_structure_descriptors
from paraisite.models.gaussian_process import fit_gaussian_process
from paraisite.reports.candidates import replay_figures, replay_table
from paraisite.reports.figures import save_figures
from paraisite.reports.terminal import print_table
from paraisite.schema import KAPPA
from paraisite.tracking.analysis_runs import log_selection, logged_folder
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.training.recipes import TOGO15


def replay_selection(options: ReplayOptions, *, n_process: int, output: Path | None) -> None:
    """Replay on Togo15 in which order each acquisition function would have labelled its materials.

    The model is the Gaussian process on physical and ionic descriptors.

    Args:
        options: Numbers of starts and labels.
        n_process: Replays in parallel.
        output: Folder of tables and figures; None for ``build/candidates/``.

    Raises:
        ConfigError: There are too few materials for so many labels.
    """
    target = output or CANDIDATES
    check_outputs_writable(target)
    dataset = load_data(TOGO15, load_config())
    values = np.log10(dataset.table[KAPPA].to_numpy(np.float64))
    materials = ReplayMaterials(
        compute_structure_descriptors(CrystalArrays.from_structures(dataset.structures)), values
    )
    with recipe_run("replay of active learning") as run_id:
        table = replay_acquisition(materials, fit_gaussian_process, options=options, n_process=n_process)
        summary = summarise_replay(table, n_lowest=options.n_lowest)
        with logged_folder(target, run_id=run_id) as folder:
            write_replay(folder, table, summary)
            save_figures(replay_figures(average_curves(table)), folder / FIGURES)
        labels = summary[summary[QUANTITY] == LABELS_TO_LOWEST]
        means = zip(labels[STRATEGY], labels[MEAN], strict=True)
        metrics = {f"{LABELS_TO_LOWEST} {rule}": mean for rule, mean in means}
        log_selection(metrics, parameters=options.parameters(), run_id=run_id)
    title = f"Mean over {options.n_start} starts (95 % confidence interval)"
    print_table(replay_table(summary), title=title, numbers=summary)
