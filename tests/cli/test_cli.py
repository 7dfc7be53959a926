"""The command line: what arguments become in a workflow's call, and verbs that are run."""

import functools
import importlib
import inspect
import json
import pkgutil
import shutil
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
import typer
import yaml
from typer.testing import CliRunner

import paraisite
from paraisite import __main__ as entry
from paraisite import workflows
from paraisite.cli import FORMER_NAMES, app
from paraisite.cli.options import CHECKED, DATASETS, FINAL_DATASETS, PRETRAINED, PROTOCOLS, SAMPLERS
from paraisite.data.datasets.table import Dataset
from paraisite.labels import TIERS
from paraisite.screening import side_by_side
from paraisite.training.recipes import KAPPA_TIER, RECIPES, SLACK, list_lineage_models
from paraisite.tuning.study_options import SearchOptions
from tests.cli.parsing import RefusedError, parsed, verbs, without_frame
from tests.graphs.crystals import rocksalt
from tests.inference.known_predictors import tiny_predictor
from tests.pipeline import LINEAGES, ROOT, stages

runner = CliRunner()
VERBS = dict(verbs())


class Calls(list[tuple[str, tuple[Any, ...], dict[str, Any]]]):
    """What was called, with which arguments."""


@functools.cache
def workflow_functions() -> list[tuple[Any, str]]:
    """Return each public function of the workflows, as module and name."""
    names = [module.name for module in pkgutil.iter_modules(workflows.__path__, "paraisite.workflows.")]
    return [
        (module, name)
        for module in map(importlib.import_module, names)
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    ]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Let the workflows, hours of work, only note their calls; one that does not fit the real signature fails."""
    noted = Calls()

    def note(name: str, *args: Any, **options: Any) -> None:
        noted.append((name, args, options))

    for module, name in workflow_functions():
        with_same_signature = create_autospec(getattr(module, name), side_effect=functools.partial(note, name))
        monkeypatch.setattr(module, name, with_same_signature)
    return noted


def invoke(*arguments: str) -> str:
    """Return what a verb prints; errors for users come as they are."""
    result = runner.invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("verb", ["step1", "step2", "step3", "rwaft"])
def test_a_step_without_options_takes_togo15_and_the_settings_of_params_yaml(calls: Calls, verb: str) -> None:
    invoke(verb)
    assert calls == [("train_experiment", (verb, "togo15"), {"lineage": "paper", "overrides": {}})]


def test_options_that_are_given_become_overrides(calls: Calls) -> None:
    options = ["--epochs", "5", "--batch-size", "16", "--learning-rate", "2e-3", "--seed", "0", "--lineage", "lab"]
    invoke("step3", "--dataset", "mix", *options)
    overrides = {"epochs": 5, "batch_size": 16, "learning_rate": 2e-3, "seed": 0}
    assert calls == [("train_experiment", ("step3", "mix"), {"lineage": "lab", "overrides": overrides})]


def test_overrides_have_the_names_of_the_settings(calls: Calls) -> None:
    invoke("step1", "--epochs", "5", "--batch-size", "16", "--learning-rate", "2e-3", "--seed", "0")
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())["training"]
    assert set(calls[0][2]["overrides"]) <= set(settings)


@pytest.mark.parametrize("recipe", ["FEAFTG15", "feaftg15"])
def test_train_takes_a_recipe_by_name(calls: Calls, recipe: str) -> None:
    invoke("train", recipe, "--epochs", "params.yaml")
    assert calls == [("train_recipe", ("FEAFTG15",), {"overrides": {}})]


@pytest.mark.parametrize("dataset", DATASETS)
def test_prepare_takes_every_data_set(dataset: str) -> None:
    assert parsed("prepare", dataset) == ("prepare", {"dataset": dataset})


def test_compare_calls_its_stage(calls: Calls) -> None:
    invoke("compare")
    invoke("compare", "--all")
    assert calls == [("compare_models", (), {"all_trained": False}), ("compare_models", (), {"all_trained": True})]


def test_an_overlap_is_of_the_lineage_unless_data_sets_are_named() -> None:
    given = ((), ("params.yaml",), ("slack",), ("aflow", "hh143"))
    assert [tuple(parsed("overlap", *arguments).values.values())[:2] for arguments in given] == [
        (None, "togo15"),
        (None, "togo15"),
        ("slack", "togo15"),
        ("aflow", "hh143"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["step3", "--epochs", "0"], "at least 1"),
        (["step3", "--epochs", "2.5"], "whole number"),
        (["step3", "--batch-size", "0"], "at least 1"),
        (["step3", "--learning-rate", "0"], "positive number"),
        (["step3", "--learning-rate", "nan"], "positive number"),
        (["step3", "--seed", "-1"], "at least 0"),
        (["step3", "--dataset", "aflow"], "not one of togo15, hh143, mix, phonix"),
        (["step3", "--epoch", "5"], "No such option"),
        (["train", "FEAFTG16"], "unknown recipe 'FEAFTG16'; known ones are RWAF, FEAF"),
        (["overlap", "slacks"], "not one of togo15, hh143, mix, phonix, accurate, aflow"),
        (["overlap", "slack", "params.yaml"], "not one of togo15"),
        (["prepare", "togo"], "not one of togo15, hh143, mix, phonix, accurate, aflow"),
    ],
)
def test_a_wrong_argument_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parsed(*arguments)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["label", "slack", "--processes", "3"],
            (
                "label_crystals",
                ("slack",),
                {"n_process": 3, "keep": True, "dataset": "togo15", "potential": None, "only_forces": False},
            ),
        ),
        (
            ["label", "settings", "--processes", "1", "--no-keep", "--potential", "7net-l3i5"],
            (
                "label_crystals",
                ("settings",),
                {"n_process": 1, "keep": False, "dataset": "togo15", "potential": "7net-l3i5", "only_forces": False},
            ),
        ),
        (
            ["label", "kappa", "--processes", "1", "--only-forces"],
            (
                "label_crystals",
                ("kappa",),
                {"n_process": 1, "keep": True, "dataset": "togo15", "potential": None, "only_forces": True},
            ),
        ),
        (["build-labels"], ("build_labels", (), {})),
        (["check", "slack"], ("check_slack", (), {})),
        (["check", "kappa"], ("check_kappa", (), {})),
        (["check", "settings"], ("check_settings", (), {})),
        (["check", "refined"], ("check_refined", (), {})),
        (["check", "formation_energy"], ("check_formation_energies", (), {})),
        (["check", "textbook"], ("check_textbook", (), {})),
        (["pretrain"], ("pretrain_network", ("formation_energy",), {})),
        (["pretrain", "all"], ("pretrain_network", ("all",), {})),
    ],
)
def test_verbs_of_the_lab_call_their_function(calls: Calls, arguments: list[str], expected: tuple[Any, ...]) -> None:
    invoke(*arguments)
    assert calls == [expected]


def test_variants_of_pretraining_are_those_of_the_stage() -> None:
    from paraisite.workflows import pretrain

    assert tuple(pretrain.VARIANTS) == PRETRAINED


def test_protocols_are_those_of_the_evaluation() -> None:
    from paraisite.evaluation import protocols

    assert tuple(protocols.PROTOCOLS) == PROTOCOLS


def test_a_study_is_done_as_the_options_say(calls: Calls) -> None:
    invoke("tune", "feaftg15", "--protocol", "grouped", "--trials", "7", "--processes", "2", "--no-pruning", "--apply")
    ((name, (recipe, options), _),) = calls
    assert (name, recipe) == ("tune_recipe", "FEAFTG15")
    assert options == SearchOptions("grouped", n_trial=7, n_process=2, pruning=False, apply=True)


def test_one_model_or_all_of_them_screen_a_source(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "has_predictions", lambda _table: True)
    invoke("screen", "slack", "--model", "all", "--processes", "1")
    assert calls == [("screen_with_all_models", ("slack",), {"output": None, "n_process": 1, "chunk_size": 1024})]
    for option, value in (("--scheduler", "tcp://here:1"), ("--where", "upper_90 < 2")):
        result = runner.invoke(app, ["screen", "slack", "--model", "all", option, value])
        assert result.exit_code == 2
        assert "go with one model" in without_frame(result.output)


def test_statistics_are_of_a_source_or_of_tables(calls: Calls) -> None:
    invoke("statistics", "--processes", "1")
    invoke("statistics", "--table", "a.csv", "--table", "b.csv", "--quantity", "kappa", "--output", "here")
    ((source, given, options), tables) = calls
    assert (source, given, options["n_process"], options["output"]) == ("correlate_source", ("slack",), 1, None)
    files = [Path("a.csv"), Path("b.csv")]
    assert tables == ("correlate_tables", (files,), {"quantities": ["kappa"], "output": Path("here")})
    assert runner.invoke(app, ["statistics", "--quantity", "kappa"]).exit_code == 2


def test_the_report_goes_where_it_is_told(calls: Calls) -> None:
    invoke("report")
    invoke("report", "--output", "page.html")
    assert calls == [("write_report", (None,), {}), ("write_report", (Path("page.html"),), {})]


def test_samplers_are_those_of_the_study() -> None:
    from paraisite.tuning import study

    assert typing.get_args(study.Sampler) == SAMPLERS


def test_refining_is_agreed_to_by_option_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from paraisite.inference.refiner import RefiningOptions
    from paraisite.workflows import predict

    noted: list[Any] = []
    monkeypatch.setattr(predict, "predict_files", lambda *_, refining, **__: not noted.append(refining))
    invoke("predict", "x.cif")
    invoke("predict", "x.cif", "--refine", "--max-minutes", "5")
    invoke("predict", "x.cif", "--refine", "--yes")
    assert noted == [None, RefiningOptions(max_minutes=5.0), RefiningOptions(is_confirmed=True)]
    for arguments in (["predict", "x.cif", "--yes"], ["screen", "togo15", "--max-minutes", "5"]):
        assert "go with --refine" in without_frame(runner.invoke(app, arguments).output)


def test_tiers_that_can_be_checked_are_those_of_the_stage() -> None:
    from paraisite.artifacts.label_checks import FORMATION_ENERGY, REFINED, SETTINGS, TEXTBOOK

    assert (SLACK, KAPPA_TIER, SETTINGS, REFINED, FORMATION_ENERGY, TEXTBOOK) == CHECKED


def test_recipes_lists_each_recipe_once() -> None:
    assert [line.split()[0] for line in invoke("recipes").splitlines()] == list(RECIPES)


def test_the_version_is_an_option_too() -> None:
    assert invoke("--version") == f"paraisite {paraisite.__version__}\n"


def test_version_names_this_package_and_tensorflow() -> None:
    lines = invoke("version").splitlines()
    assert lines[0] == f"paraisite {paraisite.__version__}"
    assert lines[1].startswith("tensorflow 2.")


def test_an_error_for_the_user_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["paraisite", "compare"])
    with pytest.raises(SystemExit) as stop:
        entry.main()
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("error: ")
    assert "params.yaml" in printed.err


def test_an_empty_argument_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As a path it was the current folder: `screen structures --output "$UNSET"` wrote into it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["paraisite", "screen", "structures", "--output", ""])
    with pytest.raises(SystemExit) as stop:
        entry.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("error: an argument is empty")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled_data: Path) -> Path:
    """Work in a folder with settings and the project's tables."""
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_crystal_is_predicted_and_explained_by_a_model_in_a_folder(folder: Path) -> None:
    tiny_predictor().save(folder / "model")
    crystal = rocksalt()
    crystal.to(str(folder / "example.cif"))
    (row,) = map(json.loads, invoke("predict", "example.cif", "--model", "model", "--json").splitlines())
    assert row["formula"] == crystal.composition.reduced_formula
    assert row["lower_50"] < row["value"] < row["upper_50"]
    assert f"{row['value']:.4g}" in invoke("explain", "example.cif", "--model", "model")
    assert list((folder / "build" / "explain").iterdir())


def test_exit_code_1_says_that_there_is_no_prediction(folder: Path) -> None:
    tiny_predictor().save(folder / "model")
    (folder / "broken.cif").write_text("data_nothing\n")
    for verb in ("predict", "explain"):
        assert runner.invoke(app, [verb, "broken.cif", "--model", "model"]).exit_code == 1


def test_a_data_set_is_prepared(folder: Path) -> None:
    invoke("prepare", "togo15")
    assert len(Dataset.load(folder / "build" / "prepare" / "togo15").table) == 95


def test_a_training_that_an_entry_point_starts_takes_its_settings_from_params_yaml(calls: Calls) -> None:
    entry_points = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    trainings = ("step1", "step2", "step3", "rwaft", "train")
    for name in trainings:
        values = {key: str(parameter["default"]) for key, parameter in entry_points[name]["parameters"].items()}
        invoke(*entry_points[name]["command"].format(**values).split()[3:])
    assert [name for name, _, _ in calls] == [*["train_experiment"] * 4, "train_recipe"]
    assert [values[0] for _, values, _ in calls[:-1]] == list(trainings[:-1])
    assert [options for _, _, options in calls] == [*[{"lineage": "paper", "overrides": {}}] * 4, {"overrides": {}}]


def test_candidates_are_wished_for_by_options(calls: Calls, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("element,price\nNa,3\n")
    invoke(
        "select", "build/screen/x", "-n", "5", "--confidence", "90", "--without-elements", "Pb, Tl", "--min-gap",
        "0.5", "--at-most", "price_highest=100", "--elements-file", str(prices), "--any", "--next", "3", "--by", "Mean",
    )  # fmt: skip
    ((name, (folder, source, criteria), options),) = calls
    assert (name, folder, source, options) == ("select_candidates", Path("build/screen/x"), None, {"output": None})
    assert (criteria.n_row, criteria.coverage, criteria.n_next, criteria.by) == (5, 0.9, 3, "mean")
    assert criteria.filters.without_elements == {"Pb", "Tl"}
    assert [str(bound) for bound in criteria.filters.bounds] == ["price_highest at most 100", "band_gap at least 0.5"]
    assert not criteria.filters.in_domain


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--confidence", "70"], "not one of 50, 80, 90"),
        (["--with-elements", "Na,Xx"], "'Xx' is not an element"),
        (["--by", "luck"], "not one of expected-improvement"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parsed("select", *arguments)
    assert message in str(refused.value)


def test_a_bound_without_a_value_is_refused(calls: Calls) -> None:
    result = runner.invoke(app, ["select", "--at-least", "gap"])
    assert result.exit_code == 2
    assert "'gap' is not COLUMN=VALUE" in without_frame(result.output)
    assert not calls


def test_a_replay_has_its_options(calls: Calls) -> None:
    invoke("replay", "--starts", "3", "--processes", "1")
    ((name, (options,), others),) = calls
    assert (name, options.n_start, options.n_label, others["n_process"]) == ("replay_selection", 3, 55, 1)


def test_a_verification_has_its_options(calls: Calls) -> None:
    invoke("verify", "mp-1265", "--calculator", "QE", "--no-nac", "--no-potential", "--keep-cell")
    ((name, (what, how), options),) = calls
    assert (name, what, options) == ("verify_prediction", "mp-1265", {"folder": None, "output": None})
    assert (how.programs, how.with_nac, how.with_potential, how.keep_cell) == (("qe",), False, False, True)


def test_backbones_are_compared_under_the_published_protocol_on_demand(calls: Calls) -> None:
    invoke("backbones")
    invoke("backbones", "--dataset", "hh143", "--published")
    assert calls == [
        ("compare_backbones", ("togo15",), {"published": False}),
        ("compare_backbones", ("hh143",), {"published": True}),
    ]


@pytest.mark.parametrize("lineage", LINEAGES.values(), ids=LINEAGES)
def test_the_stages_of_a_lineage_prepare_its_data_and_train_its_models(lineage: Any) -> None:
    commands = [stage["cmd"] for stage in stages(lineage.name).values()]
    found = [
        parsed(*command.split()[3:])
        for one_or_more in commands
        for command in ([one_or_more] if isinstance(one_or_more, str) else one_or_more)
    ]
    trained = {values["recipe"] for verb, values in found if verb == "train"}
    others = {"FEAFTG15"} if lineage.name == "lab" else set()
    assert trained == {recipe.name for recipe in list_lineage_models(lineage).values()} | others
    trained -= others
    prepared = {values["dataset"] for verb, values in found if verb == "prepare"}
    assert prepared == {*FINAL_DATASETS, *(RECIPES[name].train_on for name in trained)}
    assert {values["tier"] for verb, values in found if verb == "label"} <= {*TIERS}
    assert found[-1].verb == ("report" if lineage.name == "lab" else "compare")


def test_help_answers_without_the_heavy_packages() -> None:
    heavy = "{'tensorflow', 'mlflow', 'pandas', 'numpy', 'pymatgen', 'dvc', 'matplotlib'}"
    code = (
        "import sys\nfrom paraisite.cli import app\n"
        f"try:\n    app(['--help'])\nfinally:\n    print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_former_verbs_run_and_are_not_listed() -> None:
    assert not set(FORMER_NAMES) & VERBS.keys()
    assert all(runner.invoke(app, [name, "--help"]).exit_code == 0 for name in FORMER_NAMES)


def test_a_former_verb_runs_and_names_its_successor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released: list[str] = []
    monkeypatch.setattr("paraisite.workflows.release.release_model", released.append)
    assert runner.invoke(app, ["ship", "LFE"]).exit_code == 0
    assert released == ["LFE"]
    assert "ship is called release now" in caplog.text


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_shows_whole_sentences(verb: str) -> None:
    group = typer.main.get_command(app)
    for name in verb.split():
        group = group.commands[name]
    listed = group.get_short_help_str(60)  # in a terminal of 80 columns
    assert listed.endswith(".")
    assert not listed.endswith("...")


def test_a_setting_given_to_mlflow_run_arrives_by_its_name_there(calls: Calls) -> None:
    """MLflow adds what an entry point does not name as --NAME VALUE behind the command."""
    invoke("step3", "--dataset", "togo15", "--batch_size", "4", "--learning_rate", "0.01")
    assert calls[0][2]["overrides"] == {"batch_size": 4, "learning_rate": 0.01}
