"""Settings written into params.yaml: the values change, comments and layout stay."""

import dataclasses
from pathlib import Path

import pytest

from paraisite.config import FineTuning, load_config
from paraisite.core.settings_file import write_settings
from paraisite.errors import ConfigError
from tests.pipeline import ROOT

SECTION = ("evaluation", "training")
TUNED = FineTuning(
    epochs=40,
    batch_size=32,
    learning_rate_period_epochs=20,
    learning_rate=1.23456789e-05,
    final_learning_rate_fraction=0.5,
    loss="mixture",
    percentage_share=0.25,
    dropout=0.1,
    weight_decay=1.0,
    frozen="two_blocks",
    head="64",
    n_start=3,
    study="felabtg15-honest-tpe",
)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text((ROOT / "params.yaml").read_text())
    return path


def test_what_is_written_is_what_is_read(params: Path) -> None:
    before = load_config(params)
    write_settings(params, SECTION, dataclasses.asdict(TUNED))
    after = load_config(params)
    assert after.evaluation.training == TUNED
    assert dataclasses.replace(after, evaluation=before.evaluation) == before
    write_settings(params, SECTION, dataclasses.asdict(before.evaluation.training))
    assert load_config(params) == before


def test_only_lines_with_new_values_change(params: Path) -> None:
    comment = "  # or the widths of a new one, 128-64"
    before = params.read_text().splitlines()
    write_settings(params, SECTION, {"head": "128-64", "dropout": 0.25})
    after = params.read_text().splitlines()
    # The training's own section has a dropout too, which stays.
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [
        ("    dropout: 0.0", "    dropout: 0.25"),
        (f"    head: kept{comment}", f'    head: "128-64"{comment}'),
    ]


def test_a_section_on_one_line_stays_on_it(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: {b: {epochs: 60, rate: 0.001}}  # why\n")
    write_settings(path, ("a", "b"), {"rate": 1e-4, "epochs": 5})
    assert path.read_text() == "a: {b: {epochs: 5, rate: 0.0001}}  # why\n"


def test_an_unknown_place_is_refused_and_nothing_is_written(params: Path) -> None:
    before = params.read_text()
    with pytest.raises(ConfigError, match="evaluation: training has no key depth"):
        write_settings(params, SECTION, {"depth": 3, "epochs": 1})
    with pytest.raises(ConfigError, match="there is no section evaluation: n_fold"):
        write_settings(params, ("evaluation", "n_fold"), {"epochs": 1})
    assert params.read_text() == before


def test_anchors_quotes_and_unusual_spaces_stay(tmp_path: Path) -> None:
    text = (
        "# head\n"
        "used: &used {a: [1,  2], b: 'x'}   # flow\n"
        "unused: &unused\n"
        '    text: "quoted"\n'
        "    list:\n"
        "      - 1\n"
        "      - 2.50\n"
        "\n"
        "copy: *used\n"
        "section:\n"
        "    rate: 1.0e-3    # far\n"
        "    name: none\n"
        "# tail\n"
    )
    path = tmp_path / "params.yaml"
    path.write_text(text)
    write_settings(path, ("section",), {"rate": 0.25, "name": "felabtg15-honest"})
    expected = text.replace("rate: 1.0e-3 ", "rate: 0.25 ").replace("name: none", 'name: "felabtg15-honest"')
    assert path.read_text() == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "END"])
def test_ends_of_lines_stay(end: str, last: str, tmp_path: Path) -> None:
    text = f"# head{end}a:{end}  rate: 1.0  # why{end}  name: x{last and end}"
    path = tmp_path / "params.yaml"
    path.write_bytes(text.encode())
    write_settings(path, ("a",), {"rate": 0.25})
    assert path.read_bytes() == text.replace("1.0", "0.25").encode()
