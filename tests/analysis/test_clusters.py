"""Groups of crystals that are alike."""

import numpy as np
import pandas as pd

from paraisite.analysis.clusters import cluster_crystals
from paraisite.analysis.model_predictions import split_by_model
from tests.analysis.planted_correlations import planted, planted_table


def test_planted_groups_are_found_and_numbered_by_their_conductivity() -> None:
    found = cluster_crystals(planted())
    assert found is not None
    clusters = found.crystals.set_index("material_id")["cluster"]
    assert set(clusters[:20]) == {3}, "light crystals conduct better"
    assert set(clusters[20:40]) == {2}
    assert set(clusters[40:]) == {1}
    assert found.elements["typical_elements"].tolist() == ["Pb Te", "As Ga", "Cl Na"]


def test_an_outlier_does_not_stretch_the_map() -> None:
    table = planted_table()
    table.loc[0, "noise"] = 1e6
    found = cluster_crystals(split_by_model(table, name=""))
    assert found is not None
    assert found.crystals[["pc1", "pc2"]].abs().max(axis=None) < 3.0 * np.sqrt(found.profiles["feature"].nunique())


def test_what_differs_the_most_between_clusters_comes_first_in_their_profile() -> None:
    found = cluster_crystals(planted())
    assert found is not None
    first = found.profiles[found.profiles["cluster"] == 1]
    assert first["feature"].iloc[-1] == "noise"
    assert first["eta_squared"].is_monotonic_decreasing
    density = first.set_index("feature").loc["density"]
    assert density["median"] > 7
    assert density["eta_squared"] > 0.95
    assert "constant" not in set(first["feature"])


def test_a_descriptor_that_is_mostly_missing_costs_no_crystals() -> None:
    table = planted_table()
    table["rare"] = np.where(np.arange(60) < 50, np.nan, 1.0 * np.arange(60))
    table.loc[0, "density"] = np.nan
    found = cluster_crystals(split_by_model(table, name=""))
    assert found is not None
    assert len(found.crystals) == 59
    assert "rare" not in set(found.profiles["feature"])


def test_few_crystals_or_ids_that_stand_twice_have_no_clusters() -> None:
    assert cluster_crystals(planted(8)) is None
    twice = pd.concat([planted_table(), planted_table()], ignore_index=True)
    assert cluster_crystals(split_by_model(twice, name="")) is None
