"""Tables are cut at the terminal's width, and nowhere else."""

import pytest

from paraisite.core.console import open_console


def test_a_pipe_has_no_width(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    open_console().print("word " * 100)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_terminal_width_can_be_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    open_console().print("word " * 100)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40
