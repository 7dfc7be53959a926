"""Progress: a bar on a terminal, lines elsewhere, and no NaN in either."""

import io
import logging
import math

import pytest
from rich.console import Console

from paraisite.training.progress import ProgressBar


def run(bar: ProgressBar, errors: list[float]) -> None:
    bar.on_start(n_member=2, n_epoch=10, n_epoch_done=4)
    for k, error in enumerate(errors):
        bar.on_epoch(member=k % 2, epoch=3 + k // 2, train_error=0.5, validation_error=error)
    bar.on_end()


def test_without_a_terminal_lines_are_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    run(ProgressBar("FEAF", console=Console(file=io.StringIO()), seconds_between_lines=0.0), [0.6, 0.4, 0.5, 0.8])
    assert len(caplog.messages) == 5
    # Compilation comes before the first epoch: its time says nothing of what the others will take.
    assert caplog.messages[0] == "FEAF: 4 of 20 member-epochs; compiling …"
    assert caplog.messages[1].startswith("FEAF: 5 of 20 member-epochs; best validation error")
    assert caplog.messages[-1].startswith("FEAF: 8 of 20 member-epochs, about 0 min left")
    assert caplog.messages[-1].endswith("mean 0.450")


def test_errors_of_training_are_shown_where_those_of_validation_mean_nothing(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    bar = ProgressBar("50 labels", error="training", console=Console(file=io.StringIO()), seconds_between_lines=0.0)
    bar.on_start(n_member=2, n_epoch=2, n_epoch_done=0)
    for member, epoch, error in ((0, 0, 0.2), (1, 0, 0.4), (0, 1, 0.6)):
        bar.on_epoch(member=member, epoch=epoch, train_error=error, validation_error=0.001)
    bar.on_end()
    assert [line.rpartition("; ")[2] for line in caplog.messages[2:]] == [
        "training error, mean 0.300",
        "training error, mean 0.500",
    ]


def test_lines_are_rare(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    run(ProgressBar("FEAF", console=Console(file=io.StringIO())), [0.6] * 10)
    assert not caplog.messages


def test_on_a_terminal_a_bar_is_drawn(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    file = io.StringIO()
    run(ProgressBar("FEAF", console=Console(file=file, force_terminal=True, width=120)), [0.6, 0.4])
    assert "6/20" in file.getvalue()
    assert "mean 0.500" in file.getvalue()
    assert not caplog.messages


def test_an_error_that_is_not_finite_is_left_out_of_the_mean(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    run(
        ProgressBar("FEAF", console=Console(file=io.StringIO()), seconds_between_lines=0.0),
        [math.nan, 0.4, 0.6, math.inf],
    )
    assert caplog.messages[1].endswith("mean nan")
    assert [line[-5:] for line in caplog.messages[2:]] == ["0.400", "0.500", "0.500"]
