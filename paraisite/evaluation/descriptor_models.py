"""Cross-validation of all models on descriptors: baselines, Gaussian processes, and mixtures of the latter."""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.evaluation.cross_validation import CrossFit, cross_fit_tabular, mix_cross_fits
from paraisite.models.tabular import BASELINES, MIXTURES, PROCESSES, TabularModel

logger = logging.getLogger(__name__)


def cross_fit_descriptor_models(
    blocks: Mapping[str, Floats],
    log10_kappa: Floats,
    splits: Sequence[NestedSplit],
    *,
    n_process: int,
    selected: npt.NDArray[np.bool_] | None = None,
) -> Iterator[tuple[str, list[CrossFit]]]:
    """Yield the name and the predictions of each model whose descriptors are there; a warning names the others.

    Args:
        blocks: Descriptors by name, [n_row, n_descriptor].
        log10_kappa: Targets, [n_row].
        splits: Splits of the rows.
        n_process: Parallel processes.
        selected: Which rows were selected by their label, bool [n_row], or None: fits weigh their rows by that.
    """

    def fit(model: TabularModel) -> list[CrossFit]:
        return cross_fit_tabular(
            model, blocks=blocks, log10_kappa=log10_kappa, splits=splits, n_process=n_process, selected=selected
        )

    for model in BASELINES:
        if _has_descriptors(model, blocks):
            yield model.name, fit(model)
    of_processes: dict[str, list[CrossFit]] = {}
    for model in PROCESSES:
        if _has_descriptors(model, blocks):
            of_processes[model.name] = fit(model)
    yield from of_processes.items()
    for mixture, processes in MIXTURES.items():
        names = [process.name for process in processes]
        if set(names) <= set(of_processes):
            yield mixture, mix_cross_fits([of_processes[name] for name in names])


def _has_descriptors(model: TabularModel, blocks: Mapping[str, Floats]) -> bool:
    """Return whether a model's descriptors are there, and log it."""
    if missing := set(model.blocks) - set(blocks):
        logger.warning("%s is left out: there are no descriptors %s", model.name, ", ".join(sorted(missing)))
        return False
    logger.info("%s: %s", model.name, model.meaning)
    return True
