"""Axes that figures share."""

import pytest

from paraisite.reports.axes import log_ticks, new_figure


@pytest.mark.parametrize(
    ("ends", "shown"),
    [((4.0, 40.0), {"5", "10", "20"}), ((0.5, 50000.0), {"1", "10", "100", "1000", "10000"})],
)
def test_labels_of_many_decades_stand_at_their_beginnings_only(ends: tuple[float, float], shown: set[str]) -> None:
    figure, axes = new_figure(3.0, 3.0)
    axes.set(yscale="log", ylim=ends)
    log_ticks(axes.yaxis)
    figure.draw_without_rendering()
    low, high = ends
    inside = [label for label in axes.get_yticklabels() if low <= label.get_position()[1] <= high]
    assert {label.get_text() for label in inside} == shown
