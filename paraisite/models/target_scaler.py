"""The target transform: standardised log10(1 + kappa), one mean and deviation per member."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paraisite.errors import DataError

Floats = npt.NDArray[np.float64]


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
            DataError: A member has no spread to standardise by.
        """
        logs = [np.log10(1.0 + np.asarray(kappa, dtype=np.float64)) for kappa in kappas_w_per_m_k]
        std = np.array([values.std() for values in logs])
        if not np.all(std > 0):
            raise DataError("the training values of a split are all equal: there is nothing to standardise by")
        return cls(mean=np.array([values.mean() for values in logs]), std=std)

    def transform(self, kappa_w_per_m_k: Floats) -> Floats:
        """Return standardised values [n_member, n] of kappa [n] or [n_member, n] in W/m/K."""
        return (np.log10(1.0 + kappa_w_per_m_k) - self.mean[:, None]) / self.std[:, None]

    def inverse(self, standardised: Floats) -> Floats:
        """Return kappa in W/m/K [n_member, n] of standardised values [n_member, n]."""
        return np.power(10.0, standardised * self.std[:, None] + self.mean[:, None]) - 1.0
