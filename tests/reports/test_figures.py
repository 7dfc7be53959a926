"""What the figures show, read back from their artists."""

from pathlib import Path

import numpy as np
import pytest

from paraisite import schema
from paraisite.reports.figure_width import LEGIBLE_POINTS, scale_to_width
from paraisite.reports.figures import learning_curves, mape_of_splits, parity, recipe_figures, save_figure
from tests.synthetic_result import make_result

RESULT = make_result(n_row=60, n_epoch=20)
DIVERGED = make_result("RWTG15", n_row=60, n_epoch=30, diverged=(3,))


def test_learning_curves_hold_every_split_their_mean_and_best_epochs() -> None:
    axes = learning_curves(RESULT).axes[0]
    assert len(axes.lines) == 2 * (9 + 1) + 1
    mean = RESULT.curves.groupby(schema.EPOCH)[schema.VALIDATION_MAPE].mean() * 100
    by_label = {line.get_label(): line for line in axes.lines}
    np.testing.assert_allclose(by_label["validation, mean of splits"].get_ydata(), mean)
    np.testing.assert_array_equal(by_label["best epoch of a split"].get_xdata(), RESULT.best_epoch)
    assert axes.get_ylabel() == "MAPE of kappa (%)"


def test_learning_curves_of_a_diverged_run_say_so() -> None:
    assert "1 diverged (mean over the rest)" in learning_curves(DIVERGED).axes[0].get_legend().get_title().get_text()


def test_the_names_of_curves_stand_below_the_title() -> None:
    figure = learning_curves(RESULT)
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend()
    assert figure.axes[0].get_title() == ""
    assert max(text.get_window_extent().y1 for text in legend.get_texts()) < legend.get_title().get_window_extent().y0


def test_a_column_of_a_journal_holds_the_names_of_curves() -> None:
    figure = learning_curves(RESULT)
    assert scale_to_width(figure, 8.5 / 2.54) >= LEGIBLE_POINTS
    legend = figure.axes[0].get_legend().get_window_extent()
    assert figure.bbox.x0 <= legend.x0
    assert legend.x1 <= figure.bbox.x1


def test_names_of_many_recipes_do_not_touch() -> None:
    figure = mape_of_splits([RESULT] * 6)
    assert figure.get_size_inches()[0] <= 7.0, "wider, its text is too small in a column"
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {30.0}


def test_every_split_is_a_point_and_the_published_value_a_line() -> None:
    axes = mape_of_splits([DIVERGED, RESULT]).axes[0]
    points = [line.get_ydata() for line in axes.lines if line.get_marker() == "o"]
    assert sorted(len(values) for values in points) == [8, 9, 9, 9, 9, 9]
    np.testing.assert_allclose(points[1], 100 * RESULT.metrics[schema.MAPE_BEST_EPOCH])
    lines = [float(np.asarray(item.get_segments())[0, 0, 1]) for item in axes.collections]
    assert lines == pytest.approx([55.0, 28.0])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["RWTG15\n(1 of 9 diverged)", "FEAFTG15"]


def test_parity_shows_validation_rows_only_on_equal_log_axes() -> None:
    axes = parity(RESULT, epoch="best_epoch").axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in points] == [12] * 9
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlim() == axes.get_ylim()


def test_parity_counts_what_it_cannot_show() -> None:
    axes = parity(DIVERGED, epoch="last_epoch").axes[0]
    assert "12 values omitted: not positive or not finite" in axes.get_title()
    assert "over 8 splits" in axes.get_title()
    assert [line.get_label() for line in axes.lines if line.get_marker() == "o"] == [
        f"split {seed}" for seed in (1, 2, 4, 5, 6, 7, 8, 9)
    ]


def test_saved_files_are_equal_for_equal_numbers(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        files = save_figure(parity(RESULT, epoch="best_epoch"), tmp_path / folder / "parity")
        assert [file.suffix for file in files] == [".png", ".svg", ".pdf"]
    for name in ("parity.png", "parity.svg", "parity.pdf"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_recipe_whose_members_all_diverged_still_has_figures() -> None:
    result = make_result(seeds=(1, 2), n_row=20, n_epoch=6, diverged=(1, 2))
    assert set(recipe_figures(result)) == {
        "learning_curves", "mape_of_splits", "parity_best_epoch", "parity_last_epoch"
    }  # fmt: skip
