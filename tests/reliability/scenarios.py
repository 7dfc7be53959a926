"""Short real commands, each with what it needs and what it leaves: the same however often it was interrupted before."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

import paraisite.__main__
from paraisite.__main__ import main
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.predictors import find_predictor
from paraisite.core.files import file_sha256
from paraisite.core.folders import restore_folder
from paraisite.core.log import set_up_logging
from paraisite.core.paths import EXTERNAL
from paraisite.data.datasets.imported import list_imported_names
from paraisite.data.datasets.table import Dataset
from paraisite.inference import process_model
from paraisite.labels import campaign, elements, tiers
from paraisite.labels.named_code import ALLOWED_VARIABLE
from paraisite.screening import run as screening_run
from paraisite.tracking.fetching import load_from_registry
from paraisite.tracking.registry import register_result
from paraisite.tracking.runs import log_result, recipe_run
from paraisite.workflows import import_data, label, screen
from tests.graphs.crystals import diamond, perovskite, rocksalt, wurtzite
from tests.inference.known_predictors import tiny_ensemble
from tests.pipeline import ROOT, params_text, two_splits
from tests.screening.materials import PlainScorer, write_json_lines
from tests.synthetic_result import make_ensemble, make_result

_EMT: Final = "ase.calculators.emt:EMT"
_CRYSTALS: Final = {"NaCl": rocksalt(5.64), "Si": diamond(), "GaN": wurtzite(), "BaTiO3": perovskite()}


@dataclass(frozen=True)
class Scenario:
    """A command.

    Attributes:
        prepare: Makes what it needs in the working folder.
        run: Runs it there.
        read: Returns what it has left, as JSON holds it.
        changes_at_once: What is read is at any moment that of before or that of after.
    """

    prepare: Callable[[], object]
    run: Callable[[], None]
    read: Callable[[], Any]
    changes_at_once: bool = False


class PoolOfOne:
    """Stands in for a pool of processes: what is asked of it is done here, where its writes are counted."""

    n_ahead = 1

    def __init__(self, _n_worker: int, load: Callable[[], Any], *, if_lost: str) -> None:
        self._load = load

    def __enter__(self) -> "PoolOfOne":
        self._state = self._load()
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(self._state, *arguments))
        return done

    def imap_unordered(self, function: Callable[..., Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for task in tasks:
            yield task, function(self._state, task)


def warm_up(*, with_store: bool) -> None:
    """Do once, for the processes that are forked from this one, what takes pymatgen a second and MLflow five."""
    elements.ELEMENTAL[0].build({"A": "Al"}, volume_per_atom_cubic_angstrom=20.0)
    if with_store:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
            for name, value in variables_of(Path(folder)).items():
                patch.setenv(name, value)
            # Without registration, in which TensorFlow would start the threads that no fork survives.
            with recipe_run("RWTG15") as run_id:
                log_result(make_result("RWTG15", seeds=(1, 2), n_row=20, n_epoch=2), run_id=run_id)


def variables_of(folder: Path) -> dict[str, str]:
    """Return the environment of a command that works in a folder."""
    return {
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PARAISITE_CACHE": str(folder.with_name("cache")),
    }


def command(*arguments: str) -> None:
    """Run the command line in this process."""
    sys.argv[1:] = arguments
    main()


def _write_project(params: str = params_text("lab")) -> None:
    Path("params.yaml").write_text(params)
    Path("data").symlink_to((ROOT / "data").resolve(), target_is_directory=True)


def _table(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(pd.read_parquet(path).to_json(orient="records"))
    return rows


def _write_crystals(names: Iterable[str]) -> None:
    folder = Path("own")
    folder.mkdir(exist_ok=True)
    for name in names:
        _CRYSTALS[name].to(str(folder / f"{name}.cif"))
    rows = "".join(f"{name}.cif,{7.0 + n}\n" for n, name in enumerate(names))
    (folder / "values.csv").write_text(f"file,kappa_w_per_m_k\n{rows}")


def _import(*options: str) -> None:
    import_data.track_with_dvc = lambda *_: None  # outside of a repository it would only start DVC and warn
    command("data", "import", "mine", "own", *options)


def _prepare_import() -> None:
    _write_project()
    _write_crystals(["NaCl", "Si"])
    _import()
    _write_crystals(_CRYSTALS)


def _read_import() -> Any:
    assert list_imported_names() == ["mine"]
    return Dataset.load(EXTERNAL / "mine").table.to_dict("records")


def _run_screen() -> None:
    screening_run.WorkerPool = PoolOfOne  # type: ignore[assignment, misc]
    screen.find_predictor = lambda _: None  # type: ignore[assignment, return-value]
    screen.PredictorScorer = lambda _: PlainScorer()  # type: ignore[assignment, misc, return-value]
    command("screen", "rows.jsonl", "--model", "plain", "--output", "out", "--chunk-size", "4")


def _prepare_label() -> None:
    _write_project(params_text("lab").replace("slack_potential: 7net-0", f"slack_potential: {_EMT}", 1))


def _run_label() -> None:
    os.environ[ALLOWED_VARIABLE] = _EMT
    campaign.WorkerPool = PoolOfOne  # type: ignore[assignment, misc]
    tiers.ELEMENTS = ("Al", "Cu", "Ni")  # type: ignore[misc]
    elements.ELEMENTAL = elements.ELEMENTAL[:1]  # type: ignore[misc]
    label.SHIPPED = ()  # type: ignore[misc]
    command("label", "elements", "--no-keep")


def _prepare_release() -> None:
    for seed, folder in ((1, Path("weights/felab")), (2, Path("build/felab/weights"))):
        folder.mkdir(parents=True)
        make_ensemble(None, n_member=2, seed=seed).save(folder / "ensemble.safetensors")
        sha256 = file_sha256(folder / "ensemble.safetensors")
        metrics = {"mape_last_epoch": {"mean": 0.5 / seed, "std": 0.1}}
        (folder / "card.json").write_text(json.dumps({"sha256": sha256, "metrics_on_validation_rows": metrics}))


def _read_release() -> Any:
    restore_folder(Path("weights/felab"))
    return {path.name: file_sha256(path) for path in sorted(Path("weights/felab").iterdir())}


def _register_as_command(log10_error: float, seed: int) -> None:
    """Register what a training would, as a verb does that fails with a sentence."""

    def run() -> None:
        set_up_logging()
        _register(log10_error, seed)

    paraisite.__main__.app = run
    command("train")


def _register(log10_error: float, seed: int) -> None:
    result = make_result("RWTG15", seeds=(1, 2, 3, 4, 5), n_row=20, n_epoch=2, log10_error=log10_error)
    with recipe_run("RWTG15") as run_id:
        log_result(result, run_id=run_id)
        register_result(result, make_ensemble(None, n_member=5, seed=seed), run_id=run_id)


def _read_registry() -> Any:
    """Return whose errors the champion has, as it is fetched by name, and with what it predicts."""
    found = load_from_registry("RWTG15")
    assert found is not None
    return found.metrics, file_sha256(found.path)


def _prepare_fit() -> None:
    _write_project(two_splits(params_text("lab")))
    folder = Path("own")
    folder.mkdir()
    rows = [f"NaCl-{n}.cif,{4.0 + n}\n" for n in range(12)]
    for n in range(12):
        rocksalt(5.4 + 0.05 * n, (("Na", "Cl"), ("K", "Br"), ("Li", "F"), ("Mg", "O"))[n % 4]).to(
            str(folder / f"NaCl-{n}.cif")
        )
    (folder / "values.csv").write_text("file,kappa_w_per_m_k\n" + "".join(rows))
    _import()


def _use_small_models() -> None:
    EarlierStages.load_conductivity_networks = lambda *_: {"FELAB": tiny_ensemble()}  # type: ignore[method-assign]
    process_model.GAUSSIAN_PROCESSES = process_model.GAUSSIAN_PROCESSES[:1]  # type: ignore[misc]


def _run_fit() -> None:
    _use_small_models()
    command("fit", "--dataset", "mine", "--alone")


def _read_fit() -> Any:
    _use_small_models()
    predictions = find_predictor("GP_MINE").predict([rocksalt(5.64)])
    return [round(float(value), 4) for value in (predictions.value[0], *predictions.lower[:, 0])]


SCENARIOS: Final = {
    "import": Scenario(
        _prepare_import,
        lambda: _import("--replace"),
        _read_import,
        changes_at_once=True,
    ),
    "screen": Scenario(
        lambda: write_json_lines(Path("rows.jsonl"), 14),
        _run_screen,
        lambda: [_table(path) for path in sorted(Path("out").glob("*.parquet"))],
    ),
    "label": Scenario(
        _prepare_label,
        _run_label,
        lambda: {path.name: _table(path) for path in sorted(Path("build/labels/elements").glob("*.parquet"))},
    ),
    "release": Scenario(_prepare_release, lambda: command("release", "FELAB"), _read_release, changes_at_once=True),
    "first registration": Scenario(lambda: None, lambda: _register_as_command(0.2, 1), _read_registry),
    "registration": Scenario(
        lambda: _register(0.3, 1), lambda: _register_as_command(0.1, 2), _read_registry, changes_at_once=True
    ),
    "fit": Scenario(_prepare_fit, _run_fit, _read_fit),
}
"""By what is done: import, screen, label, fit, release, registration."""
