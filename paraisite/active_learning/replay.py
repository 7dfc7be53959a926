"""A simulation of active learning on labelled data: labels are revealed one batch after another.

Every start splits the materials at random: a fifth is held out and measures the error of the model, so that the rules
are compared on the same rows; of the others some are known at first, and each rule chooses from the rest.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error

from paraisite.active_learning.acquisition import ACQUISITIONS, Acquisition
from paraisite.arrays import Floats, Ints
from paraisite.core.progress import CountProgress
from paraisite.core.workers import WorkerPool
from paraisite.errors import ConfigError
from paraisite.models.estimate import Estimate
from paraisite.models.tabular import FitPredict

STRATEGY: Final = "strategy"
START: Final = "start"
N_LABEL: Final = "n_label"
REGRET: Final = "regret_dex"
"""Lowest known log10(kappa) above the lowest of the pool, dex."""
N_FOUND: Final = "n_lowest_found"
"""How many of the materials with the lowest kappa are known."""
LOG10_MAE: Final = "log10_mae_held_out"
MAPE: Final = "mape_held_out"

_TEST_FRACTION: Final = 0.2
_LOST: Final = "a replay's process was ended from outside (out of memory?)"


@dataclass(frozen=True)
class ReplayOptions:
    """What is replayed.

    Attributes:
        n_start: Random starts.
        n_first: Labels that are known at first.
        batch: Labels that are added at a time.
        n_label: Labels at the end.
        n_lowest: How many materials with the lowest kappa are looked for.
    """

    n_start: int = 20
    n_first: int = 10
    batch: int = 3
    n_label: int = 55
    n_lowest: int = 5

    def check(self, n_material: int) -> None:
        """Check that there are enough materials.

        Raises:
            ConfigError: There are not, or fewer labels at the end than at first.
        """
        n_pool = n_material - int(_TEST_FRACTION * n_material)
        if not self.n_first < self.n_label <= n_pool:
            raise ConfigError(
                f"labels grow from {self.n_first} to {self.n_label}: expected more at the end than at first, "
                f"and at most {n_pool} of {n_material} materials"
            )

    def parameters(self) -> dict[str, str]:
        """Return the options as a run shows them."""
        return {name: str(value) for name, value in asdict(self).items()}


class ReplaySplit(NamedTuple):
    """One start.

    Attributes:
        pool: Rows that can be chosen, in the order of chance; the first ones are known at first.
        test: Rows that are never chosen.
    """

    pool: Ints
    test: Ints


@dataclass(frozen=True, eq=False)
class ReplayMaterials:
    """What is known of all materials, and hidden from a rule until it selects them.

    Attributes:
        descriptors: [n_row, n_descriptor].
        log10_kappa: kappa in W/m/K, [n_row].
    """

    descriptors: Floats
    log10_kappa: Floats


def replay_acquisition(
    materials: ReplayMaterials, fit_predict: FitPredict, *, options: ReplayOptions, n_process: int
) -> pd.DataFrame:
    """Let every rule choose from every start.

    Args:
        materials: With their values.
        fit_predict: The model that the rules ask, as ``models.tabular`` has them.
        options: How many starts and labels.
        n_process: Replays side by side.

    Returns:
        One row per rule, start and number of labels: the columns named above.

    Raises:
        ConfigError: There are too few materials.
    """
    options.check(len(materials.log10_kappa))
    jobs = [(start, name) for start in range(options.n_start) for name in ACQUISITIONS]
    parts: list[pd.DataFrame] = []
    load = partial(_Replays, materials, fit_predict, options)
    with CountProgress("replay", unit="replays") as progress, WorkerPool(n_process, load, if_lost=_LOST) as pool:
        progress.update(n_done=0, n_total=len(jobs))
        for part in pool.imap(_run_replay, jobs):
            parts.append(part)
            progress.update(n_done=len(parts), n_total=len(jobs))
    return pd.concat(parts, ignore_index=True)


class _Replays(NamedTuple):
    """What all replays have in common."""

    materials: ReplayMaterials
    fit_predict: FitPredict
    options: ReplayOptions


def _run_replay(replays: _Replays, job: tuple[int, str]) -> pd.DataFrame:
    start, strategy = job
    rng = np.random.default_rng(start)
    order = rng.permutation(len(replays.materials.log10_kappa))
    n_test = int(_TEST_FRACTION * len(order))
    split = ReplaySplit(pool=order[n_test:], test=order[:n_test])  # the same for all rules
    choose = _ReplayRun(replays.materials, replays.fit_predict, ACQUISITIONS[strategy], split, replays.options, rng)
    return pd.DataFrame([{STRATEGY: strategy, START: start} | row for row in choose.rounds()])


@dataclass(frozen=True, eq=False)
class _ReplayRun:
    """One rule that chooses from one start."""

    materials: ReplayMaterials
    fit_predict: FitPredict
    rule: Acquisition
    split: ReplaySplit
    options: ReplayOptions
    rng: np.random.Generator

    def rounds(self) -> Iterator[dict[str, float]]:
        """Yield the state after each batch of labels, that before the first one included."""
        known, rest = np.split(self.split.pool, [self.options.n_first])
        while True:
            on_test, on_rest = self._ask(known, rest)
            yield self._state(known, on_test)
            n_more = min(self.options.batch, self.options.n_label - len(known))
            if n_more <= 0:
                return
            score = self.rule(on_rest, float(self.materials.log10_kappa[known].min()), self.rng)
            chosen = np.argsort(-score, kind="stable")[:n_more]
            known, rest = np.concatenate([known, rest[chosen]]), np.delete(rest, chosen)

    def _ask(self, known: Ints, rest: Ints) -> tuple[Estimate, Estimate]:
        """Fit the model to the known rows, and return its predictions of the test rows and of the rest."""
        descriptors, n_test = self.materials.descriptors, len(self.split.test)
        asked = descriptors[np.concatenate([self.split.test, rest])]
        predictions = self.fit_predict(descriptors[known], self.materials.log10_kappa[known], asked)
        return Estimate(predictions.mean[:n_test], predictions.std[:n_test]), Estimate(
            predictions.mean[n_test:], predictions.std[n_test:]
        )

    def _state(self, known: Ints, on_test: Estimate) -> dict[str, float]:
        """Return how far the search is, and how good the model."""
        values, (pool, test) = self.materials.log10_kappa, self.split
        lowest = pool[np.argsort(values[pool], kind="stable")[: self.options.n_lowest]]
        return {
            N_LABEL: len(known),
            REGRET: float(values[known].min() - values[pool].min()),
            N_FOUND: int(np.isin(lowest, known).sum()),
            LOG10_MAE: float(mean_absolute_error(values[test], on_test.mean)),
            MAPE: float(mean_absolute_percentage_error(10.0 ** values[test], 10.0**on_test.mean)),
        }
