"""What the figures of labels show, read back from their artists."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from paraisite.errors import DataError
from paraisite.reports.lab_figures import (
    energy_parity,
    formation_energy_histogram,
    kappa_histogram,
    parity,
    prototype_counts,
)
from tests.reports.lab_tables import make_slack

SLACK = make_slack()


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_bars_of_prototypes_hold_accepted_and_rejected():
    (slack,) = prototype_counts(SLACK).axes
    assert [label.get_text() for label in slack.get_yticklabels()] == ["rutile", "rocksalt"]
    assert [bar.get_width() for bar in slack.containers[0]] == [0, 12]
    assert [bar.get_width() for bar in slack.containers[1]] == [2, 0]
    assert [text.strip() for text in texts(slack)] == ["0 of 2", "12 of 12"]
    assert slack.get_title() == "tier slack: 12 accepted, 2 rejected"


def test_histograms_of_kappa_have_area_one_per_decade():
    kappas = 10 ** np.random.default_rng(1).normal(1, 0.6, 500)
    axes = kappa_histogram({"slack": np.append(kappas, np.nan), "Togo15": kappas[:90] * 5}).axes[0]
    for outline in axes.patches:
        density, edges, _ = outline.get_data()
        assert np.sum(density * np.diff(np.log10(edges))) == pytest.approx(1)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[0] == f"slack: 500 crystals, median {np.median(kappas):.2g} W/m/K"
    assert axes.get_xscale() == "log"
    assert "W/m/K" in axes.get_xlabel()


@pytest.mark.parametrize("values", [[], [np.nan], [1.0, 0.0]])
def test_a_histogram_needs_positive_values(values: list[float]):
    with pytest.raises(DataError, match="kappa: expected conductivities above 0"):
        kappa_histogram({"slack": [1.0, 2.0], "kappa": values})


def test_formation_energies_are_counted_by_acceptance():
    axes = formation_energy_histogram(SLACK).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["accepted: 12, 100% below zero", "rejected: 1, 0% below zero"]
    assert sorted({patch.get_data()[0].sum() for patch in axes.patches}) == [1, 12]
    assert axes.get_xlabel().endswith("(eV/atom)")


def test_parity_says_how_far_both_agree():
    known = np.geomspace(1.0, 1000.0, 12)
    axes = parity(known, 1.5 * known, "Tier slack against AFLOW").axes[0]
    points = next(line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_ydata(), 1.5 * known)
    assert axes.get_title().splitlines() == [
        "Tier slack against AFLOW",
        "12 crystals, Spearman 1.00 (1.00 to 1.00)",
        "computed/known 1.50 (geometric mean), 100% within a factor of 2",
    ]
    assert (axes.get_xscale(), axes.get_xlim()) == ("log", axes.get_ylim())


def test_energy_parity_says_how_far_both_networks_agree():
    expected = np.linspace(-3.0, 0.5, 12)
    axes = energy_parity(expected, expected + 0.25, "Some crystals").axes[0]
    points = next(line for line in axes.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(points.get_ydata(), expected + 0.25)
    assert axes.get_title().splitlines() == [
        "Some crystals",
        "12 crystals, mean |difference| 0.250 eV/atom, Spearman 1.00",
    ]
    assert axes.get_xlim() == axes.get_ylim()
