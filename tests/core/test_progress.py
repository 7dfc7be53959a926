"""Counted progress: a bar on a terminal, lines elsewhere."""

import io
import logging

import pytest
from rich.console import Console

from paraisite.core.progress import CountProgress, show_work


def run(console: Console, *, seconds_between_lines: float = 0.0) -> None:
    with CountProgress("slack", unit="parts", console=console, seconds_between_lines=seconds_between_lines) as progress:
        for n_done in (40, 50, 60):
            progress.update(n_done=n_done, n_total=100, note=f"{n_done} accepted")


def test_without_a_terminal_lines_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run(Console(file=io.StringIO()))
    assert caplog.messages[-1] == "slack: 60 of 100 parts, about 0 min left; 60 accepted"


def test_lines_are_rare(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run(Console(file=io.StringIO()), seconds_between_lines=60.0)
    assert not caplog.messages


def test_on_a_terminal_a_bar_is_drawn(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    file = io.StringIO()
    run(Console(file=file, force_terminal=True, width=120))
    assert "60/100" in file.getvalue()
    assert "60 accepted" in file.getvalue()
    assert not caplog.messages


def test_work_that_is_not_counted_is_named_on_a_terminal_alone() -> None:
    terminal, file = io.StringIO(), io.StringIO()
    with show_work("Comparing [all] rows", console=Console(file=terminal, force_terminal=True, width=80)):
        pass
    with show_work("Comparing [all] rows", console=Console(file=file)):
        pass
    assert "Comparing [all] rows" in terminal.getvalue()
    assert not file.getvalue()


def test_time_that_sets_no_pace_does_not_count(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    monkeypatch.setattr("paraisite.core.progress.time.monotonic", lambda: now[0])
    with CountProgress("FEAF", unit="epochs", console=Console(file=io.StringIO()), seconds_between_lines=0.0) as bar:
        bar.update(n_done=0, n_total=10, sets_pace=False)
        for n_done, seconds in ((1, 600.0), (2, 660.0)):
            now[0] = seconds
            bar.update(n_done=n_done, n_total=10)
    assert caplog.messages == ["FEAF: 0 of 10 epochs", "FEAF: 1 of 10 epochs", "FEAF: 2 of 10 epochs, about 8 min left"]


def test_the_rate_counts_what_was_done_since_the_start_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("paraisite.core.progress.time.monotonic", lambda: now[0])
    with CountProgress("slack", unit="parts", console=Console(file=io.StringIO())) as progress:
        progress.update(n_done=40, n_total=100)
        now[0] = 5.0
        progress.update(n_done=60, n_total=100)
        assert progress.per_second == pytest.approx(4.0)
