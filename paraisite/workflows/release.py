"""Release a model that was trained here: copy it to ``weights/``, with its card."""

from typing import Final

import pandas as pd

from paraisite.artifacts.label_checks import load_energy_agreement
from paraisite.artifacts.releases import (
    ENSEMBLE_SHA256,
    find_trained_model,
    metrics_of_card,
    read_card,
    release_files,
    release_folder,
    released_metrics,
)
from paraisite.core.paths import SHIPPED
from paraisite.reports.terminal import print_line
from paraisite.training.recipes import LFE

AGREEMENT: Final = "agreement_with_MEGNet's_network"
"""Key of a card's comparison with the published network on AFLOW's structures."""


def release_model(name: str) -> None:
    """Copy a model from ``build/`` to ``weights/``, and print its metrics beside those of the one it replaces.

    Args:
        name: One of ``SHIPPABLE``, whose members others start from, or another recipe, whose predictor is released.

    Raises:
        MissingInputError: It was not trained here.
        DataError: The trained weights are not those that their card describes, or a metric is not finite.
    """
    trained = find_trained_model(name)
    card = read_card(trained)
    if name == LFE:
        card[AGREEMENT] = load_energy_agreement(card[ENSEMBLE_SHA256])
    before = released_metrics(name)
    release_files(name, trained, card)
    metrics = pd.DataFrame({"now": metrics_of_card(card), "before": before})
    print_line(metrics.round(4).dropna(axis="columns", how="all").to_string())
    print_line(f"{release_folder(name)} is new: `dvc add {SHIPPED} && dvc push` ships it")
