"""Gaussian processes for log10(kappa) on a table of descriptors: a mixture of three kernels, fitted, kept and restored.

What a fit finds are the kernels' settings. With them and the training rows the same processes can be built again at
once, so that nothing else of scikit-learn's objects has to be stored.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Kernel, Matern, WhiteKernel
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Floats
from paraisite.models.estimate import Estimate, mix_estimates

_LENGTH_BOUNDS: Final = (0.3, 100.0)
_NOISE_BOUNDS: Final = (1e-3, 1.0)
_FIRST_LENGTH: Final = 3.0
_FIRST_NOISE: Final = 0.05

N_KERNEL: Final = 3
"""Kernels of a mixture: smooth, rough, and rough above a plane."""


@dataclass(frozen=True, eq=False)
class FittedProcesses:
    """Gaussian processes with smooth and rough kernels, and a rough one above a plane, in equal shares.

    Attributes:
        scaler: Standardises descriptors on the training rows.
        models: One process per kernel.
    """

    scaler: StandardScaler
    models: tuple[GaussianProcessRegressor, ...]

    @classmethod
    def fit(cls, train: Floats, log10_kappa: Floats, *, settings: Sequence[Floats] | None = None) -> "FittedProcesses":
        """Fit the processes: each descriptor's length and the noise by maximal marginal likelihood.

        Args:
            train: Descriptors of the training rows, [n_train, n_descriptor].
            log10_kappa: Their values, kappa in W/m/K, [n_train].
            settings: Of each kernel what a fit to the same rows has found, as ``settings`` returns it: nothing is
                searched then.
        """
        scaler = StandardScaler().fit(train)
        scaled, models = scaler.transform(train), []
        for number, kernel in enumerate(_kernels(train.shape[1])):
            if settings is None:
                model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
            else:
                fitted = kernel.clone_with_theta(settings[number])
                model = GaussianProcessRegressor(fitted, optimizer=None, normalize_y=True)
            with warnings.catch_warnings():
                # A length at its upper bound belongs to a descriptor that plays no part.
                warnings.simplefilter("ignore", ConvergenceWarning)
                models.append(model.fit(scaled, log10_kappa))
        return cls(scaler, tuple(models))

    @property
    def settings(self) -> tuple[Floats, ...]:
        """Logarithms of each kernel's settings, [n_setting], the number depending on the kernel."""
        return tuple(model.kernel_.theta for model in self.models)

    def estimate(self, rows: Floats) -> Estimate:
        """Return the mixture's estimate from other rows' descriptors, [n_row, n_descriptor]."""
        if not len(rows):  # scikit-learn refuses none, but of files that cannot be read none is left
            return Estimate(np.zeros(0), np.zeros(0))
        scaled = self.scaler.transform(rows)
        return mix_estimates([Estimate(*model.predict(scaled, return_std=True)) for model in self.models])


def fit_gaussian_process(
    train: Floats, log10_kappa: Floats, rows: Floats, *, weights: Floats | None = None
) -> Estimate:
    """Fit the processes to training rows, and estimate other ones; all rows count alike, whatever their weights.

    The likelihood of correlated values is no sum over rows that could be weighted.
    """
    del weights
    return FittedProcesses.fit(train, log10_kappa).estimate(rows)


def _kernels(n_descriptor: int) -> tuple[Kernel, ...]:
    lengths = np.full(n_descriptor, _FIRST_LENGTH)
    smooth = ConstantKernel(1.0) * RBF(lengths, _LENGTH_BOUNDS)
    rough = ConstantKernel(1.0) * Matern(lengths, _LENGTH_BOUNDS, nu=1.5)
    plane = ConstantKernel(1.0) * DotProduct(1.0)
    noise = WhiteKernel(_FIRST_NOISE, _NOISE_BOUNDS)
    return smooth + noise, rough + noise, rough + plane + noise
