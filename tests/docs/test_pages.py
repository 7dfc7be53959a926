"""README and documentation: what they name is there, and versions agree."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pandas as pd
import pytest
import yaml
from pymatgen.core.periodic_table import Element

import paraisite
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.result_tables import load_errors_of_default_model, load_protocol_table
from paraisite.reports.held_out_figures import compute_element_errors
from paraisite.reports.leaderboard import tabulate_leaderboard
from paraisite.workflows.figure import FIGURES
from tests.docs.blocks import PAGES, ROOT, blocks_of, text_of


def test_readme_is_short_and_begins_with_the_two_commands_that_ci_runs() -> None:
    assert len(text_of("README.md").encode()) < 8000
    first, *_ = blocks_of("README.md")
    assert first.text.splitlines() == [
        "pip install mlflow==3.17.2 uv && mlflow run . -e step3 --env-manager uv",
        "mlflow run . -e test",
    ]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`((?:paraisite|docs|tests|benchmarks)/[\w/.-]+)`", text_of(page))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_links_and_figures_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text_of(page))
    targets = [target for pair in links for target in pair if target and not urlsplit(target).scheme]
    missing = [target for target in targets if not (ROOT / page).parent.joinpath(target.partition("#")[0]).exists()]
    assert not missing


@pytest.mark.parametrize("figure", sorted((ROOT / "docs" / "figures").iterdir()), ids=lambda path: path.name)
def test_figures_are_small_and_shown_somewhere(figure: Path) -> None:
    assert figure.stat().st_size <= 150_000
    assert any(f"figures/{figure.name}" in text_of(page) for page in PAGES)


def draw_figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_figures", ROOT / "docs" / "draw_figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_layers_has_every_package() -> None:
    module = draw_figures()
    drawn = [name for row in module.layers() for name in row]
    loose = {path.stem for path in (ROOT / "paraisite").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "paraisite").glob("*/__init__.py")}
    assert set(drawn) == set(module.CAPTIONS) == packages | loose
    texts = {text.get_text() for text in module.architecture().axes[0].texts}
    assert set(drawn) <= texts


def test_the_figure_of_errors_has_every_held_out_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    predictions = Path("build/cross_validate/predictions.csv.gz")
    fetch_tracked(predictions, target=str(predictions))
    _, phonix, hh143, togo15 = draw_figures().parity().axes[0].collections
    assert [len(each.get_offsets()) for each in (phonix, hh143, togo15)] == [1992, 143, 95]


def test_every_figure_is_drawn_anew_with_the_default_model() -> None:
    """Two of the gallery's showed the model before the present one, and its sentence other elements."""
    module = draw_figures()
    assert {name for name, _, _ in module.OF_VERB.values()} <= set(FIGURES)
    drawn_otherwise = {"parity", "textbook", "architecture", "app", "transfer"}
    assert {path.stem for path in (ROOT / "docs" / "figures").iterdir()} == set(module.OF_VERB) | drawn_otherwise


def test_the_gallery_names_the_elements_with_the_largest_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    predictions = Path("build/cross_validate/predictions.csv.gz")
    fetch_tracked(predictions, target=str(predictions))
    worst = compute_element_errors(pd.read_csv(predictions)).nlargest(4).index
    first, second, third, fourth = (Element(symbol).long_name.lower() for symbol in worst)
    sentence = f"{first.capitalize()}, {second}, {third} and {fourth} are the worst."
    assert sentence in text_of("docs/gallery.md")


def test_no_figure_of_the_default_model_rests_on_a_formula_that_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    path = fetch_tracked(Path("build/cross_validate/summary.csv"), target="build/cross_validate/summary.csv")
    summary = pd.read_csv(path).set_index(["protocol", "data_set"])
    shared = summary["rows_sharing_a_formula_with_training_rows"]
    assert shared.drop(("togo15-honest", "togo15")).eq(0).all()
    # The published fifths let other polymorphs within Togo15 train, and no other row of the formula.
    assert shared["togo15-honest", "togo15"] == 78
    assert summary["of_them_with_rows_of_other_data_sets"].eq(0).all()


def test_the_page_of_textbook_crystals_has_the_shipped_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    folder = fetch_tracked(Path("build/check_textbook"), target="build/check_textbook")
    page = text_of("docs/textbook-crystals.md")
    for part in (folder / "table.md").read_text().split("\n\n"):
        assert part.strip() in page
    drawn = draw_figures().textbook().axes[0]
    assert drawn.get_xscale() == "log"


def test_the_leaderboard_has_the_shipped_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("compare/table.csv", "cross_validate/summary.csv"):
        fetch_tracked(Path("build") / name, target=f"build/{name}")
    table = tabulate_leaderboard(load_protocol_table(), load_errors_of_default_model())
    assert f"\n{table}\n" in text_of("docs/leaderboard.md")


def test_the_version_stands_in_one_place_and_is_the_newest_of_changelog_and_citation() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "paraisite/__init__.py"
    citation = yaml.safe_load(text_of("CITATION.cff"))
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert releases[0] == (paraisite.__version__, str(citation["date-released"]))
    assert citation["version"] == paraisite.__version__


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    first, *_ = re.findall(r"^## (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert first == "[Unreleased]"


def test_hooks_run_tools_of_the_environment_and_fetch_nothing() -> None:
    (repository,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    tools = tomllib.loads(text_of("pyproject.toml"))["dependency-groups"]["dev"]
    installed = {re.split(r"[<>=\[]", line)[0] for line in tools}
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].split()[0] in installed


def documented_modules() -> list[str]:
    return re.findall(r"^\.\. automodule:: ([\w.]+)$", text_of("docs/api.md"), re.MULTILINE)


@pytest.mark.parametrize("module", documented_modules())
def test_documented_modules_exist(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_the_packages_that_users_call_are_documented() -> None:
    packages = {module.split(".")[1] for module in documented_modules() if "." in module}
    assert {"training", "inference", "screening", "tracking", "tuning", "evaluation", "data"} <= packages
