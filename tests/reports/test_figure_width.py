"""A figure at another width is the same figure, smaller."""

import pytest

from paraisite.reports.axes import new_figure, new_row
from paraisite.reports.figure_width import scale_to_width


def test_text_lines_and_markers_shrink_with_the_figure() -> None:
    figure, axes = new_figure(6.0, 4.0)
    axes.tick_params(labelsize=12)
    axes.set_xlabel("kappa", fontsize=16)
    (line,) = axes.plot([1.0, 2.0], [3.0, 4.0], "o-", linewidth=2.0, markersize=6.0, label="measured")
    title = axes.set_title("Title", fontsize=20)
    legend = axes.legend(fontsize=14)
    smallest = scale_to_width(figure, 3.0)
    assert tuple(figure.get_size_inches()) == (3.0, 2.0)
    assert (line.get_linewidth(), line.get_markersize()) == (1.0, 3.0)
    assert title.get_fontsize() == 10.0
    assert legend.get_texts()[0].get_fontsize() == 7.0
    assert {label.get_fontsize() for label in axes.get_xticklabels()} == {6.0}
    assert smallest == pytest.approx(6.0)


@pytest.mark.parametrize(("drawn", "smallest"), [(11.0, 6.0), (8.0, 5.0)])
def test_text_that_would_not_be_legible_shrinks_less_by_up_to_a_quarter(drawn: float, smallest: float) -> None:
    figure, axes = new_figure(6.0, 4.0)
    axes.tick_params(labelsize=drawn)
    (line,) = axes.plot([1.0, 2.0], [3.0, 4.0], linewidth=2.0)
    title = axes.set_title("Title", fontsize=2 * drawn)
    assert scale_to_width(figure, 3.0) == pytest.approx(smallest)
    assert title.get_fontsize() == pytest.approx(2 * smallest), "all text alike"
    assert line.get_linewidth() == 1.0


def test_a_legend_keeps_its_place_and_its_gaps_shrink_with_its_text() -> None:
    heights = {}
    for width in (8.0, 4.8):
        figure, axes = new_figure(8.0, 4.0)
        for name in ("first", "second", "third"):
            axes.plot([1.0, 2.0], [3.0, 4.0], label=name)
        axes.legend(fontsize=10, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
        scale_to_width(figure, width)
        legend = axes.get_legend()
        assert legend is not None
        box = legend.get_window_extent()
        heights[width] = box.height
        middle = axes.transAxes.inverted().transform(((box.x0 + box.x1) / 2, box.y0))
        assert middle == pytest.approx((0.5, 1.0), abs=0.06)
    assert heights[4.8] == pytest.approx(0.6 * heights[8.0], rel=0.05)


def test_a_legend_outside_of_the_panels_keeps_its_share_of_the_figure() -> None:
    shares = {}
    for width in (8.0, 4.8):
        figure, row = new_row(2, 8.0, 4.0)
        for axes in row:
            axes.plot([1.0, 2.0], [3.0, 4.0], label="formation energies, then our labels")
        figure.legend(loc="outside lower center", ncols=2, fontsize=10)
        scale_to_width(figure, width)
        (legend,) = figure.legends
        box = legend.get_window_extent()
        shares[width] = box.width / figure.bbox.width
        assert box.y1 < min(axes.get_window_extent().y0 for axes in row)
    assert shares[4.8] == pytest.approx(shares[8.0], rel=0.05)
