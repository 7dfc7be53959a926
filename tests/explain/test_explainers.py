"""Explanations of a small predictor: rows as ``predict`` gives them, what parts do, words, figures, and the verb."""

import dataclasses
import json
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rich.text import Text
from typer.testing import CliRunner

from paraisite.cli import app
from paraisite.errors import DataError
from paraisite.explain.explainers import Explainer, Explanation, build_json, explain
from paraisite.explain.text import describe_explanation, format_explanation
from paraisite.inference.crystals import Crystal
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictor import Predictor
from paraisite.inference.rows import build_named_rows
from paraisite.reports.explanation import explanation_figure, save_explanation_figures
from tests.graphs.crystals import rocksalt, wurtzite
from tests.inference.known_predictors import tiny_ensemble, tiny_predictor

SALT, BROKEN = Crystal("salt.cif", rocksalt(5.64)), Crystal("broken.cif", "it is broken.")


@cache
def predictor() -> Predictor:
    return tiny_predictor()


def explained(*crystals: Crystal) -> list[Explanation]:
    return explain(Explainer(predictor()), crystals)


def test_rows_are_those_of_the_prediction():
    crystals = [SALT, BROKEN, Crystal("gan.cif", wurtzite())]
    predictions = predictor().predict([crystal.found for crystal in crystals])
    found = explained(*crystals)
    assert [explanation.row for explanation in found] == build_named_rows(crystals, predictions)
    assert [explanation.contributions is None for explanation in found] == [False, True, False]
    assert found[0].trained_w_per_m_k.shape == (12,)


def test_nothing_hidden_is_the_prediction():
    (found,) = explained(SALT)
    assert found.contributions is not None
    np.testing.assert_allclose(10**found.contributions.log10_kappa, found.row["members"], rtol=1e-5)


def test_what_is_no_conductivity_is_not_explained():
    ensemble = dataclasses.replace(tiny_ensemble(), scaler=None, target="formation energy", unit="eV/atom")
    with pytest.raises(DataError, match="the model predicts formation energy, expected kappa"):
        Explainer(Predictor(NetworkModel(ensemble)))


def test_an_ensemble_without_a_reference_is_explained_by_its_parts():
    (found,) = explain(Explainer(Predictor(NetworkModel(tiny_ensemble()))), [SALT])
    sentence = " ".join(describe_explanation(found))
    assert "it has no interval" in sentence
    assert "no training materials to compare with" in sentence
    assert "Where they start from, the model predicts" in sentence
    assert explanation_figure(found).axes


def test_sentences_tell_value_members_domain_and_neighbours():
    (found,) = explained(SALT)
    value, agreement, domain, nearest, *parts = describe_explanation(found)
    assert f"NaCl: kappa at 300 K is predicted to be {found.row['value']:.4g} W/m/K" in value
    assert "The 3 members predict" in agreement
    assert "domain" in domain
    assert f"{found.row['nearest'][0]['formula']}" in nearest
    assert "Where they start from, the model predicts" in parts[-1]


def test_an_element_of_no_training_material_is_named():
    (found,) = explained(Crystal("fe.cif", rocksalt(4.3, ("Fe", "O"))))
    assert "no training material holds Fe" in describe_explanation(found)[2]


def test_without_a_prediction_there_is_its_reason():
    (found,) = explained(BROKEN)
    assert describe_explanation(found) == ["There is no prediction: it is broken."]
    assert len(format_explanation(found)) == 2
    assert build_json(found)["contributions"] is None
    with pytest.raises(DataError, match=r"broken\.cif: there is no prediction to draw"):
        explanation_figure(found)


def test_the_figure_shows_bars_members_and_intervals():
    (found,) = explained(SALT)
    assert found.contributions is not None
    parts, place, nearest = explanation_figure(found).axes
    widths = [bar.get_width() for bar in parts.patches][::-1]
    np.testing.assert_allclose(widths, found.contributions.mean_dex[found.contributions.order])
    labels = {line.get_label(): line.get_xdata() for line in place.lines}
    np.testing.assert_allclose(labels["3 members"], found.row["members"])
    np.testing.assert_allclose(labels["50 % prediction interval"], [found.row["lower_50"], found.row["upper_50"]])
    np.testing.assert_allclose(labels["prediction"], [found.row["value"]])
    assert len(nearest.get_yticklabels()) == 3


def test_figures_of_files_with_one_name_are_told_apart(tmp_path: Path):
    twins = [dataclasses.replace(SALT, name=f"{folder}/salt.cif#1") for folder in "ab"]
    saved = save_explanation_figures(explained(twins[0], BROKEN, twins[1]), tmp_path)
    assert [path.name for path in saved] == ["salt.cif-1.png", "3-salt.cif-1.png"]
    ET.parse(tmp_path / "salt.cif-1.svg")
    (figure,) = save_explanation_figures(explained(dataclasses.replace(SALT, name="-")), tmp_path)
    assert figure.name == "standard-input.png", "which no program takes for an option"


def test_the_verb_prints_text_or_json_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    predictor().save(Path("model"))
    rocksalt(5.64).to(filename="salt.cif")
    runner = CliRunner()
    shown = runner.invoke(app, ["explain", "salt.cif", "absent.cif", "--model", "model"])
    assert shown.exit_code == 0, shown.output
    assert "Na–Cl 2.82 Å" in shown.stdout
    assert "There is no prediction: file not found." in shown.stdout
    assert Path("build/explain/salt.cif.png").exists()
    explained = [line for line in shown.stdout.splitlines() if "its intervals are" in line]
    assert explained[0].endswith(" %)."), "a sentence stays one line in a file"
    narrow = {"COLUMNS": "60", "TTY_COMPATIBLE": "1"}
    wrapped = Text.from_ansi(runner.invoke(app, ["explain", "salt.cif", "--model", "model"], env=narrow).stdout).plain
    assert set(explained[0].split()) <= set(wrapped.split())
    assert max(map(len, wrapped.splitlines())) <= 60, "on a terminal it is wrapped between words"
    as_lines = runner.invoke(app, ["explain", "salt.cif", "--model", "model", "--json", "--output", "here"])
    row = json.loads(as_lines.stdout)
    assert {part["part"] for part in row["contributions"]} == {
        "Na",
        "Cl",
        "Na–Cl 2.82 Å",
        "Na–Na 3.99 Å",
        "Cl–Cl 3.99 Å",
    }
    assert Path("here/salt.cif.svg").exists()
    assert runner.invoke(app, ["explain", "absent.cif", "--model", "model"]).exit_code == 1
