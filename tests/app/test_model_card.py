"""The card of a model in words, and how to cite."""

from pathlib import Path

import yaml

from paraisite.app.model_card import CITATION, tabulate_errors

ROOT = Path(__file__).parents[2]


def test_the_citation_is_the_repositorys():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    paper = cff["preferred-citation"]
    for text in (paper["doi"], paper["title"], paper["journal"], str(paper["year"]), cff["version"]):
        assert text in CITATION
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in CITATION


def test_errors_are_said_in_words():
    card = {
        "metrics_on_validation_rows": {
            "mape_test": {"mean": 0.37, "std": 0.04},
            "log10_mae_test": {"mean": 0.1505, "std": 0.01},
            "rmse_test": {"mean": 37.0, "std": 1.0},
        }
    }
    assert tabulate_errors(card) == [("Mean relative error", "37 % ± 4 %"), ("Mean error, as a factor", "× 1.41")]


def test_a_card_without_errors_has_no_table():
    assert tabulate_errors({}) == tabulate_errors({"metrics_on_validation_rows": {"mape_test": {"mean": None}}}) == []
