"""What targets are standardised by: log10(1 + kappa) for conductivity, the value itself for other properties."""

from dataclasses import dataclass

import numpy as np

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.models.architecture import ModelConfig, Parameters


@dataclass(frozen=True)
class TargetScaler:
    """Standardises log10(1 + kappa), kappa in W/m/K.

    Attributes:
        mean: Mean of log10(1 + kappa) of each member's training rows, float64 [n_member].
        std: Its standard deviation (population), float64 [n_member].
    """

    mean: Floats
    std: Floats

    @classmethod
    def fit(cls, kappas_w_per_m_k: list[Floats]) -> "TargetScaler":
        """Fit one mean and deviation per member.

        Args:
            kappas_w_per_m_k: Each member's training values, W/m/K, all > 0.

        Raises:
            DataError: A member's values have no standard deviation to standardise by.
        """
        logs = [np.log10(1.0 + np.asarray(kappa, dtype=np.float64)) for kappa in kappas_w_per_m_k]
        std = np.array([values.std() for values in logs])
        if not np.all(std > 0):
            raise DataError("the training values of a split are all equal: there is nothing to standardise by")
        return cls(mean=np.array([values.mean() for values in logs]), std=std)

    def transform(self, kappa_w_per_m_k: Floats) -> Floats:
        """Return standardised values [n_member, n] of kappa [n] or [n_member, n] in W/m/K."""
        return (np.log10(1.0 + kappa_w_per_m_k) - self.mean[:, None]) / self.std[:, None]

    def inverse_transform(self, standardised: Floats) -> Floats:
        """Return kappa in W/m/K [n_member, n] of standardised values [n_member, n]."""
        return np.power(10.0, standardised * self.std[:, None] + self.mean[:, None]) - 1.0


@dataclass(frozen=True)
class Standardiser:
    """Standardises properties; after training it is folded into the network, which then predicts in their units.

    Attributes:
        mean: Mean of each member's known training values, float64 [n_member], or [n_member, n_output] for several
            outputs.
        std: Their standard deviation (population), same shape.
    """

    mean: Floats
    std: Floats

    @classmethod
    def fit(cls, targets: list[Floats]) -> "Standardiser":
        """Fit a mean and a deviation per member and output.

        Args:
            targets: Each member's training values, [n_row] or [n_row, n_output]; NaN where one is not known.

        Raises:
            DataError: An output has fewer than two different known values, so that their standard deviation is zero.
        """
        # From the extremes, because rounding may leave equal values a tiny deviation.
        if not all((np.fmax.reduce(values) > np.fmin.reduce(values)).all() for values in targets):
            raise DataError("a target's known training values are all equal: there is nothing to standardise by")
        return cls(
            mean=np.array([np.nanmean(values, axis=0) for values in targets]),
            std=np.array([np.nanstd(values, axis=0) for values in targets]),
        )

    def fold_into(self, parameters: Parameters, config: ModelConfig) -> Parameters:
        """Return the stack with a last layer that undoes the standardisation.

        Args:
            parameters: Stacked parameters of a network that was trained on standardised targets.
            config: Its architecture, with a linear output.
        """
        last = f"head/{len(config.head_hidden)}"
        kernel, bias = (parameters[f"{last}/{key}"].astype(np.float64) for key in ("kernel", "bias"))
        mean, std = (values.reshape(bias.shape) for values in (self.mean, self.std))  # [n_member, n_output]
        return parameters | {
            f"{last}/kernel": (kernel * std[:, None]).astype(np.float32),
            f"{last}/bias": (bias * std + mean).astype(np.float32),
        }
