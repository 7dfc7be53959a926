"""Models whose answers follow a descriptor that the tests know."""

import numpy as np
import pandas as pd

from paraisite.analysis.model_predictions import ModelPredictions, split_by_model

MODELS = ("RWTG15", "LFETG15")


def planted_table(n: int = 60) -> pd.DataFrame:
    """Return two models side by side: kappa falls with density, the second model's members agree three times better."""
    random = np.random.default_rng(5)
    group = np.arange(n) * 3 // n
    density = np.array([2.0, 5.0, 8.0])[group] + random.normal(0, 0.2, n)
    table = pd.DataFrame(
        {
            "material_id": [f"m-{row}" for row in range(n)],
            "formula": np.array(["NaCl", "GaAs", "PbTe"])[group],
            "density": density,
            "weight": 3.0 * density + random.normal(0, 0.2, n),
            "radius": density**2 + random.normal(0, 0.2, n),
            "constant": 1.0,
            "noise": random.normal(size=n),
        }
    )
    for model, factor in zip(MODELS, (3.0, 1.0), strict=True):
        mean = 100.0 / density * np.exp(random.normal(0, 0.05, n))
        table[f"{model}:mTC_w_per_m_k"] = mean
        table[f"{model}:var_pTC_w2_per_m2_k2"] = (factor * 0.1 * mean) ** 2 * np.exp(random.normal(0, 0.05, n))
    return table


def planted(n: int = 60) -> list[ModelPredictions]:
    return split_by_model(planted_table(n), name="unnamed")
