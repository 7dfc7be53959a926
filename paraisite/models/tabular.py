"""Models of log10(kappa) on a table of descriptors: baselines without a network of their own, and Gaussian processes.

Each is a function of the training rows' descriptors and values and of other rows' descriptors, see
``evaluation.cross_validation``.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Floats
from paraisite.models.estimate import Estimate
from paraisite.models.gaussian_process import fit_gaussian_process


class FitPredict(Protocol):
    """A model: fits training rows, and estimates others."""

    def __call__(
        self, train: Floats, log10_kappa: Floats, rows: Floats, /, *, weights: Floats | None = None
    ) -> Estimate:
        """Fit and predict.

        Args:
            train: Descriptors of the training rows, [n_train, n_descriptor].
            log10_kappa: Their values, [n_train].
            rows: Descriptors of the rows to estimate, [n_row, n_descriptor].
            weights: How much each training row counts, [n_train]; None where all count alike.
        """


PHYSICAL: Final = "physical"
COMPOSITION: Final = "composition"
IONIC: Final = "ionic"
NETWORKS: Final = "networks"
SECOND_STAGE: Final = "second_stage"
SLACK_FORMULA: Final = "slack_formula"
POTENTIAL: Final = "potential"
PHONONS: Final = "phonons"
"""Blocks of descriptors, see ``models.descriptor_blocks``."""

_N_TREE: Final = 500
_RIDGE_ALPHAS: Final = np.logspace(-3, 3, 13)


def predict_constant(_train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None) -> Estimate:
    """Predict the same for every crystal: the median, with the training values' own standard deviation."""
    if weights is None:
        return Estimate(np.full(len(rows), np.median(log10_kappa)), np.full(len(rows), np.std(log10_kappa)))
    median = np.quantile(log10_kappa, 0.5, weights=weights, method="inverted_cdf")
    variance = np.average((log10_kappa - np.average(log10_kappa, weights=weights)) ** 2, weights=weights)
    return Estimate(np.full(len(rows), median), np.full(len(rows), np.sqrt(variance)))


def predict_as_computed(train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None) -> Estimate:
    """Take the only descriptor, log10 of a computed conductivity, as it is; one width of intervals for all rows."""
    del train, log10_kappa, weights  # a standard deviation of zero: no estimate is moved below it
    return Estimate(rows[:, 0], np.zeros(len(rows)))


def fit_line(train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None) -> Estimate:
    """Fit a plane by least squares."""
    model = LinearRegression().fit(train, log10_kappa, sample_weight=weights)
    return Estimate(model.predict(rows), _residual_std(model.predict(train) - log10_kappa, len(rows), weights))


def fit_ridge(train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None) -> Estimate:
    """Fit a plane to standardised descriptors with a penalty, chosen by leave-one-out errors of the training rows."""
    model = make_pipeline(StandardScaler(), RidgeCV(_RIDGE_ALPHAS))
    model.fit(train, log10_kappa, ridgecv__sample_weight=weights)
    return Estimate(model.predict(rows), _residual_std(model.predict(train) - log10_kappa, len(rows), weights))


def fit_forest(train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None) -> Estimate:
    """Grow a random forest; the estimate's standard deviation is that of its trees."""
    model = RandomForestRegressor(_N_TREE, random_state=0).fit(train, log10_kappa, sample_weight=weights)
    trees = np.stack([tree.predict(rows) for tree in model.estimators_])
    return Estimate(trees.mean(axis=0), trees.std(axis=0))


def _residual_std(residual: Floats, n_row: int, weights: Floats | None) -> Floats:
    return np.full(n_row, float(np.sqrt(np.average(residual**2, weights=weights))))


@dataclass(frozen=True)
class TabularModel:
    """A model on descriptors.

    Attributes:
        name: For tables and runs.
        blocks: Which descriptors it sees; none for one that sees values alone.
        fit_predict: The model.
        meaning: One sentence.
    """

    name: str
    blocks: tuple[str, ...]
    fit_predict: FitPredict
    meaning: str


BASELINES: Final = (
    TabularModel("constant", (), predict_constant, "One value for all crystals."),
    TabularModel("composition forest", (COMPOSITION,), fit_forest, "A random forest on the elements' properties."),
    TabularModel(
        "Slack's formula", (SLACK_FORMULA,), fit_line, "Slack's formula with moduli of our networks, and a line."
    ),
    TabularModel("second stage", (SECOND_STAGE,), fit_line, "The second stage's conductivity, and a line."),
    TabularModel("ridge", (PHYSICAL, IONIC, NETWORKS), fit_ridge, "A plane on all descriptors."),
    TabularModel(
        "potential", (POTENTIAL,), predict_as_computed, "phono3py with a potential, few displacements, as it is."
    ),
    TabularModel("potential, line", (POTENTIAL,), fit_line, "The same, and a line."),
    TabularModel("potential, ridge", (PHYSICAL, IONIC, PHONONS), fit_ridge, "A plane on descriptors and phonons."),
)
"""What a model has to beat."""

GAUSSIAN_PROCESSES: Final = (
    TabularModel("GP", (PHYSICAL,), fit_gaussian_process, "On physical descriptors."),
    TabularModel("GP, ions", (PHYSICAL, IONIC), fit_gaussian_process, "And on those of cation and anion."),
    TabularModel("GP, networks", (PHYSICAL, NETWORKS), fit_gaussian_process, "And on what the networks say."),
    TabularModel("GP, ions, networks", (PHYSICAL, IONIC, NETWORKS), fit_gaussian_process, "And on both."),
)
"""Gaussian processes on what takes milliseconds."""

PHONON_PROCESSES: Final = (
    TabularModel("GP, phonons", (PHYSICAL, PHONONS), fit_gaussian_process, "On physical descriptors and phonons."),
    TabularModel("GP, ions, phonons", (PHYSICAL, IONIC, PHONONS), fit_gaussian_process, "And on those of the ions."),
)
"""Gaussian processes on what takes a minute: phonons under a machine-learned potential."""

PROCESSES: Final = (*GAUSSIAN_PROCESSES, *PHONON_PROCESSES)

MIXTURES: Final = {
    "GP mixture": GAUSSIAN_PROCESSES,
    "GP mixture, phonons": PHONON_PROCESSES,
    "GP mixture, all": PROCESSES,
}
"""Processes that are mixed in equal shares: by their out-of-fold errors none is clearly the best."""
