"""The closing table and the comparison of recipes."""

import pandas as pd
import pytest
from rich.console import Console

from paraisite import schema
from paraisite.reports.recipe_tables import closing_table, compare
from paraisite.reports.tables import render, to_markdown
from tests.synthetic_result import make_result

GOOD = make_result(n_row=60, n_epoch=3)
DIVERGED = make_result("RWTG15", n_row=60, n_epoch=3, diverged=(3,))
UNPUBLISHED = make_result("RWAFTG15", n_row=60, n_epoch=3)


def test_comparison_holds_every_metric_with_its_spread_and_number_of_runs() -> None:
    table = compare([DIVERGED, GOOD])
    assert list(table.index) == ["RWTG15", "FEAFTG15"]
    for name in schema.METRIC_NAMES:
        assert table.loc["FEAFTG15", name] == pytest.approx(GOOD.metrics[name].mean())
        assert table.loc["FEAFTG15", f"{name}_std"] == pytest.approx(GOOD.metrics[name].std())
    assert table.loc["RWTG15", "mape_last_epoch_n_run"] == 8
    assert table.loc["RWTG15", "diverged_runs"] == 1


def test_closing_table_reads_as_mean_and_deviation() -> None:
    table = closing_table([GOOD, UNPUBLISHED])
    best = GOOD.metrics["mape_best_epoch"]
    assert table.loc["FEAFTG15", "this work, best epoch"] == f"{best.mean():.2f} ± {best.std():.2f}"
    assert table["published"].tolist() == ["0.28", "–"]


def test_closing_table_names_the_runs_that_are_missing_from_a_mean() -> None:
    assert closing_table([DIVERGED]).loc["RWTG15", "this work, last epoch"].endswith("(8 of 9 runs)")
    nothing = make_result(seeds=(1, 2), n_row=20, n_epoch=3, diverged=(1, 2))
    assert closing_table([nothing]).loc["FEAFTG15", "this work, last epoch"] == "all diverged"


def test_a_terminal_of_80_columns_shows_every_number() -> None:
    console = Console(width=80, record=True, file=None, quiet=False, color_system=None)
    with console.capture() as captured:
        console.print(render(closing_table([GOOD]), title="MAPE"))
    text = captured.get()
    for cell in closing_table([GOOD]).loc["FEAFTG15"]:
        assert cell in text


def test_markdown_has_one_line_per_recipe() -> None:
    lines = to_markdown(closing_table([GOOD, DIVERGED])).splitlines()
    assert lines[0].startswith("| recipe | published |")
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {6}


def test_markup_in_a_table_is_text() -> None:
    table = pd.DataFrame({"reason": ["[/red] is no element"]}, index=pd.Index(["[bold]mp-1"], name="id"))
    console = Console(width=100)
    with console.capture() as captured:
        console.print(render(table, title="rows of [/red].csv"))
    text = captured.get()
    assert all(part in text for part in ("rows of [/red].csv", "[/red] is no element", "[bold]mp-1"))


def test_columns_of_numbers_are_aligned_right_and_words_left() -> None:
    table = pd.DataFrame(
        {"error": ["**0.31** ± 0.1", "–"], "detail": ["0.2.0 in a folder", "no connection"]},
        index=pd.Index(["a", "b"], name="model"),
    )
    assert [column.justify for column in render(table, title="").columns] == ["left", "right", "left"]
