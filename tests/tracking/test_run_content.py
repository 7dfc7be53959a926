"""What goes into a run, where it needs no store to be looked at."""

import logging

import pandas as pd
import pytest

from paraisite.tracking.run_content import (
    child_description,
    evaluation_description,
    parent_description,
    rename_ln_ratios,
    run_parameters,
)
from tests.synthetic_result import make_result


def test_lists_become_one_line():
    found = run_parameters({"model.head_hidden": [450, 350], "splits.seeds": (1, 2), "training.epochs": 300})
    assert found == {"model.head_hidden": "450, 350", "splits.seeds": "1, 2", "training.epochs": "300"}


def test_credentials_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setenv("MP_API_KEY", "k3y-of-a-user")
    with caplog.at_level(logging.WARNING):
        found = run_parameters({"a": "k3y-of-a-user", "mp_api_key": "x", "epochs": 3})
    assert found == {"epochs": "3"}
    assert "mp_api_key" in caplog.text
    assert "k3y-of-a-user" not in caplog.text


def test_errors_of_the_logarithm_are_given_in_natural_logarithms():
    given = {"mape_test": 0.3, "log10_mae_test": 0.5, "log10_mae_test_std": 0.1, "log10_mae_last_epoch_n_runs": 8.0}
    assert rename_ln_ratios(given) == {
        "mape_test": 0.3,
        "mean_abs_ln_ratio_test": pytest.approx(1.1513, abs=1e-4),
        "mean_abs_ln_ratio_test_std": pytest.approx(0.2303, abs=1e-4),
        "mean_abs_ln_ratio_last_epoch_n_runs": 8.0,
    }


def test_a_page_begins_with_the_error_on_rows_with_which_nothing_was_chosen():
    result = make_result(n_row=30, n_epoch=4)
    last, best = (f"{result.metrics[name].mean():.2f}" for name in ("mape_last_epoch", "mape_best_epoch"))
    assert last != best
    text = parent_description(result)
    assert text.startswith(f"**Held-out error of FEAFTG15: MAPE {last} ± ")
    assert text.index(last) < text.index(best)
    assert "starts from MEGNet's published formation energies and is trained on AFLOW's AGL conductivities" in text
    assert child_description(result, 3).startswith("**Held-out error of FEAFTG15, split 3: MAPE ")


def test_cells_of_a_page_hold_no_bars():
    """Those around |error| ended their cells, and the table came out broken."""
    summary = pd.DataFrame({"mape_test": [0.3]}, index=["GP"])
    rows = [
        line
        for text in (parent_description(make_result(n_row=30, n_epoch=4)), evaluation_description(summary))
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    assert any("abs(error)/kappa" in row for row in rows)
    assert {row.count("|") for row in rows} == {6, 4}
