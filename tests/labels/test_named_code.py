"""Code that a settings file names runs only where the command names it, too."""

import sys
from pathlib import Path

import pytest

from paraisite.errors import ConfigError
from paraisite.labels.named_code import ALLOWED_VARIABLE, call_named_function
from paraisite.labels.potential import load_calculator

MODULE = "planted_by_a_settings_file"


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a file where it is imported."""
    mark = tmp_path / "was imported"
    text = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\ndef f():\n    return 42\ndef g():\n    return 43\n"
    (tmp_path / f"{MODULE}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return mark


@pytest.mark.parametrize("allowed", ["", "1", "true", f"{MODULE}:g", MODULE])
def test_what_is_not_allowed_by_its_name_is_not_even_imported(
    planted: Path, monkeypatch: pytest.MonkeyPatch, allowed: str
) -> None:
    monkeypatch.setenv(ALLOWED_VARIABLE, allowed)
    with pytest.raises(ConfigError, match=rf"put PARAISITE_ALLOW_CODE={MODULE}:f before the command"):
        load_calculator(f"{MODULE}:f")
    assert not planted.exists()


def test_what_is_allowed_runs_and_is_named(
    planted: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv(ALLOWED_VARIABLE, f"{MODULE}:g, {MODULE}:f")
    assert call_named_function(f"{MODULE}:f") == 42
    assert planted.exists()
    assert f"running {MODULE}:f, which the settings name" in caplog.text
