"""Tables and figures of candidates and of the replay."""

import io

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite.active_learning.acquisition import ACQUISITIONS
from paraisite.active_learning.replay_summary import average_curves, summarise_replay
from paraisite.reports.candidates import candidates_figure, candidates_table, replay_figures, replay_table
from paraisite.reports.tables import render
from paraisite.schema import FORMULA, MATERIAL_ID, NEAREST_MATERIAL, OUT_OF_DOMAIN, PREDICTED_KAPPA

ROWS = pd.DataFrame(
    {
        MATERIAL_ID: ["a", "b"],
        FORMULA: ["CsI", "KBr"],
        "space_group": [225, 225],
        PREDICTED_KAPPA: [1.234, 5.0],
        "lower_80_w_per_m_k": [0.5, 2.0],
        "upper_80_w_per_m_k": [3.0, 12.0],
        OUT_OF_DOMAIN: [0.1, 0.5],
        NEAREST_MATERIAL: ["mp-1", "mp-2"],
    }
)
REPLAYED = pd.DataFrame(
    [
        {
            "strategy": rule, "start": start, "n_label": n, "regret_dex": 1.0 / n, "n_lowest_found": n // 4,
            "log10_mae_held_out": 0.2 + 0.01 * start, "mape_held_out": 0.5,
        }
        for rule in ACQUISITIONS
        for start in range(3)
        for n in (8, 10, 12)
    ]
)  # fmt: skip


def test_a_candidate_is_a_line_of_80_characters_with_its_id() -> None:
    table = candidates_table(ROWS, coverage=0.8)
    assert list(table["id"]) == ["a", "b"]
    assert table.loc["CsI", ["W/m/K", "80% interval"]].to_list() == ["1.23", "0.5–3"]
    longest = table.assign(id="caesium_lead_bromide:Cs-Pb-Br")
    console = Console(width=80, file=io.StringIO())
    with console.capture() as captured:
        console.print(render(longest, title="Candidates"))
    assert captured.get().count("Cs-Pb-Br") == len(table)


def test_what_is_wider_than_its_column_is_wrapped_and_not_cut() -> None:
    table = pd.DataFrame({"id": ["x" * 100]}, index=pd.Index(["CsI"], name="formula"))
    console = Console(width=80, file=io.StringIO())
    with console.capture() as captured:
        console.print(render(table, title="Candidates"))
    assert captured.get().count("x") == 100


def test_intervals_are_drawn_over_the_known_values() -> None:
    figure = candidates_figure(ROWS, np.array([0.5, 1.0, 20.0, 1000.0]), coverage=0.8)
    axes, beside = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CsI (225)", "KBr (225)"]
    assert sum(patch.get_height() for patch in beside.patches) == 4
    assert axes.yaxis_inverted(), "the best is above"


def test_a_replay_is_a_row_per_rule_and_a_line_in_each_figure() -> None:
    table = replay_table(summarise_replay(REPLAYED, n_lowest=3))
    assert list(table.index) == list(ACQUISITIONS)
    assert set(table["labels until all lowest are found"]) == {"12 (12 to 12)"}
    figures = replay_figures(average_curves(REPLAYED))
    assert set(figures) == {"replay_regret_dex", "replay_n_lowest_found", "replay_log10_mae_held_out"}
    assert all(len(figure.axes[0].lines) == len(ACQUISITIONS) for figure in figures.values())
