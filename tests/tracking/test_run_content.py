"""What goes into a run, where it needs no store to be looked at."""

import logging

import pytest

from paraisite.tracking.run_content import derive_ln_ratios, run_parameters


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


def test_errors_of_the_logarithm_are_given_in_natural_logarithms_too():
    given = {"mape_test": 0.3, "log10_mae_test": 0.5, "log10_mae_test_std": 0.1, "log10_mae_last_epoch_n_runs": 8.0}
    assert derive_ln_ratios(given) == {
        "mean_abs_ln_ratio_test": pytest.approx(1.1513, abs=1e-4),
        "mean_abs_ln_ratio_test_std": pytest.approx(0.2303, abs=1e-4),
    }
