"""Figures of the statistics."""

import numpy as np

from paraisite.analysis.correlations import correlate_with_descriptors
from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.reports.statistics import draw_statistics, heat_map
from tests.analysis.planted_correlations import planted


def test_every_figure_has_numbers_a_caption_and_words() -> None:
    drawn = list(draw_statistics(StatisticsTables.of(planted())))
    assert [each.name for each in drawn] == [
        "heat_map_above_threshold", "heat_map", "spread_by_step", "models_alike", "clusters", "cluster_profiles",
    ]  # fmt: skip
    assert all(len(each.data) and each.caption and each.alt for each in drawn)


def test_cells_below_the_threshold_stay_empty() -> None:
    correlations = correlate_with_descriptors(planted())
    n_strong = int((correlations["pearson_r"].abs() > 0.3).sum())
    panels = heat_map(correlations, threshold=0.3).axes[:2]
    assert sum(len(axes.texts) for axes in panels) == n_strong
    assert sum(int(np.ma.count(axes.images[0].get_array())) for axes in panels) == n_strong
    assert sum(len(axes.texts) for axes in heat_map(correlations, threshold=0.0).axes[:2]) > n_strong


def test_descriptors_without_a_cell_above_the_threshold_have_no_row() -> None:
    panels = heat_map(correlate_with_descriptors(planted()), threshold=0.3).axes[:2]
    for axes in panels:
        assert np.ma.count(axes.images[0].get_array(), axis=1).min() > 0
