"""One figure for a paper: its format and width, and what is said where there is nothing to draw."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image
from typer.testing import CliRunner

from paraisite.cli import app
from paraisite.cli.options import DRAWN
from paraisite.errors import ConfigError, MissingInputError
from paraisite.workflows import figure


@pytest.fixture
def _drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(figure.FIGURES, "parity", lambda _models, _dataset: Figure(figsize=(5.0, 4.0)))


def test_every_figure_that_help_names_can_be_drawn() -> None:
    assert set(DRAWN) == set(figure.FIGURES)


@pytest.mark.usefixtures("_drawn")
def test_a_figure_has_the_width_that_is_asked_for(tmp_path: Path) -> None:
    figure.draw_figure("parity", [], dataset="accurate", output=tmp_path / "column.png", width_cm=8.5)
    with Image.open(tmp_path / "column.png") as image:
        assert image.width == pytest.approx(8.5 / 2.54 * 300, abs=2)
        assert image.height == pytest.approx(0.8 * image.width, abs=2)


@pytest.mark.usefixtures("_drawn")
def test_without_a_file_all_formats_are_written(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["figure", "parity"])
    assert found.exit_code == 0, found.output
    assert {file.name for file in (tmp_path / "build" / "figures").iterdir()} == {
        "parity.png",
        "parity.svg",
        "parity.pdf",
    }


@pytest.mark.usefixtures("_drawn")
def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a file that ends on \.png, \.svg, \.pdf"):
        figure.draw_figure("parity", [], dataset="accurate", output=Path("parity.jpg"))
    with pytest.raises(ConfigError, match="name a recipe that was trained here"):
        figure.draw_figure("learning-curves", [], dataset="accurate")
    with pytest.raises(MissingInputError, match="`python -m paraisite train FEAFTG15` does that"):
        figure.draw_figure("mape", ["feaftg15"], dataset="accurate")
    with pytest.raises(MissingInputError, match="`python -m paraisite transfer --dataset phonix` makes it"):
        figure.draw_figure("transfer", [], dataset="accurate")
