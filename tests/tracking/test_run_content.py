"""What goes into a run, where it needs no store to be looked at."""

import logging

import pytest

from paraisite.tracking.run_content import run_parameters


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
