"""The sections of the report on data and on how it was made."""

from paraisite.reports.sections_of_data import ABOUT, data_section, making_section
from tests.synthetic_result import make_dataset


def test_data_sets_are_described_and_drawn() -> None:
    section = data_section([make_dataset("one", n_row=20), make_dataset("two", n_row=30)])
    assert [drawn.name for drawn in section.figures] == ["kappa_of_data_sets", "elements_one", "elements_two"]
    assert section.tables[0].table["materials"].to_dict() == {"one": "20", "two": "30"}
    counts = section.figures[1].data.set_index("element")["n_material"]
    assert counts["Cl"] == 4


def test_settings_are_told_by_their_names() -> None:
    section = making_section({"git_commit": "abc"}, {"training": {"epochs": 300, "widths": (1, 2)}})
    assert section.tables[0].table.loc["git_commit", "value"] == "abc"
    settings = section.folded[1].table["value"]
    assert settings.to_dict() == {"training.epochs": "300", "training.widths": "1, 2"}


def test_data_sets_have_the_names_of_their_publications() -> None:
    section = data_section([make_dataset("phonix", n_row=20)])
    assert section.tables[0].table.index.tolist() == ["Phonix"]
    assert section.figures[1].caption.startswith("The chemical space of Phonix:")


def test_a_reader_learns_what_the_default_model_is() -> None:
    assert any("The default model, **GPACCURATE**, is one Gaussian process" in words for words in ABOUT.words)
