"""`paraisite data`: listing, fetching, importing, checking, describing, as a user calls it."""

import gzip
import json
import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from mp_api.client import MPRester
from pymatgen.core import Lattice, Structure
from typer.testing import CliRunner

from paraisite.artifacts.data_catalogue import DOWNLOADABLE
from paraisite.artifacts.dvc_files import track_with_dvc
from paraisite.artifacts.inputs import load_data
from paraisite.cli import app
from paraisite.cli.options import FETCHED as NAMES_OF_FETCHED
from paraisite.cli.options import UNITS as NAMES_OF_UNITS
from paraisite.config import load_config
from paraisite.data.datasets.imported import RESERVED_NAMES, check_name, list_imported_names
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources.own_records import UNITS
from paraisite.errors import ConfigError, DataError, DownloadError, MissingInputError
from paraisite.workflows import fetch_data, import_data
from tests.conftest import ROOT
from tests.data.sources.json_server import JsonServer, half, running
from tests.data.sources.test_aflux import Aflux, texts, typed
from tests.data.sources.test_hugging_face import COMMIT, Hub, HubServer
from tests.data.sources.test_materials_project import KEY, MaterialsProject, document
from tests.data.sources.test_phonix_full import row as phonix_row

N = 12


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled_data: Path) -> Path:
    """A folder with settings and the project's tables, outside of any repository; the cache lies there, too."""
    shutil.copytree(bundled_data, tmp_path / "data")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    for variable in ("PARAISITE_AFLOW_TABLE", "MP_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    for name, value in (("no_proxy", "*"), ("PARAISITE_CACHE", str(tmp_path / "cache")), ("COLUMNS", "200")):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for workflow in (fetch_data, import_data):
        monkeypatch.setattr(workflow, "track_with_dvc", lambda *_: None)
    return tmp_path


@pytest.fixture
def aflux() -> Iterator[JsonServer]:
    with running(Aflux([typed(number) for number in range(N)], numbered=True)) as server:
        yield server


def invoke(*arguments: str | Path) -> str:
    """Return what a verb prints; errors for users come as they are."""
    result = CliRunner().invoke(app, ["data", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(output: str) -> dict[str, list[str]]:
    """Return the lines of the list by their names."""
    lines = [line.split() for line in output.splitlines() if line.startswith(" ") and not line.startswith("  ")]
    return {line[0]: line[1:] for line in lines}


def own_files(folder: Path) -> Path:
    """Write twelve crystals, two of which are no good."""
    folder.mkdir()
    lines = ["file,kappa_w_per_m_k"]
    for number in range(N):
        structure = Structure(Lattice.cubic(4.0 + 0.1 * number), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
        structure.to(filename=str(folder / f"{number}.cif"))
        lines.append(f"{number}.cif,{1 + number}")
    (folder / "3.cif").write_text("broken")
    (folder / "values.csv").write_text("\n".join(lines).replace("5.cif,6", "5.cif,-6"))
    return folder


def test_the_list_tells_what_is_here_and_how_to_get_the_rest(project: Path):
    output = invoke("list")
    listed = rows(output)
    assert tuple(listed)[1:] == RESERVED_NAMES
    assert [listed[name][:2] for name in ("togo15", "hh143", "mix")] == [["95", "0"], ["143", "0"], ["238", "0"]]
    assert "data/togo15.csv" in invoke("list", "--csv")
    for name in ("aflow", "materials_project"):
        assert " ".join(listed[name]).endswith("not here: run data fetch")


def test_aflow_is_fetched_checked_and_used_without_another_word(project: Path, aflux: JsonServer):
    output = invoke("fetch", "aflow", "--server", aflux.url)
    assert f"aflow: {N} materials, kappa 5 to 16 W/m/K" in output
    dataset = load_data("aflow", load_config())
    assert len(dataset) == N
    (source,) = set(dataset.table["source"])
    assert re.fullmatch(r"AFLOW AGL, .*; snapshot of 20\d\d-.*, SHA-256 [0-9a-f]{12}…", source)
    assert Path("external/aflow/snapshot.json").exists()
    assert not Path("cache/fetch/aflow").exists()
    described = invoke("describe", "aflow")
    assert f"source: AFLOW AGL, Toher et al., PRB 90, 174107 (2014); {aflux.url}?agl_thermal" in described
    assert f", {N} rows, SHA-256 " in described
    for name in ("elements", "kappa"):
        assert Path(f"build/data/aflow/{name}.png").stat().st_size > 1000
    (listed,) = (line for line in invoke("list", "--csv").splitlines() if line.startswith("aflow,"))
    assert "external/aflow/records.jsonl.gz,20" in listed


@pytest.mark.parametrize("form", ["list", "numbered", "lines"])
def test_a_saved_reply_is_imported_with_its_rejected_rows(form: str, project: Path):
    replies: list[Any] = [texts(0), typed(1), typed(1), typed(2) | {"geometry": None}, 7]
    content = {
        "list": json.dumps(replies),
        "numbered": json.dumps({f"{place} of 5": row for place, row in enumerate(replies, start=1)}),
        "lines": "\n".join(map(json.dumps, replies)),
    }[form]
    Path("reply.json.gz").write_bytes(gzip.compress(content.encode()))
    output = invoke("fetch", "aflow", "--from", "reply.json.gz")
    assert "aflow: 2 materials" in output
    for reason in ("duplicate id", "no value for geometry", "expected a JSON object"):
        assert reason in output
    rejected = pd.read_csv("build/data/aflow/rejected.csv")
    assert len(rejected) == 3
    assert json.loads(Path("external/aflow/snapshot.json").read_text())["query"].startswith("reply.json.gz, SHA-256 ")
    with pytest.raises(ConfigError, match="for aflow and phonix only"):
        invoke("fetch", "materials_project", "--from", "reply.json.gz")
    with pytest.raises(MissingInputError, match=r"gone\.json not found"):
        invoke("fetch", "aflow", "--from", "gone.json")


def test_a_first_fetch_without_a_network_leaves_nothing(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MP_API_KEY", KEY)
    for name in NAMES_OF_FETCHED:
        with pytest.raises(DownloadError, match="no connection") as caught:
            invoke("fetch", name, "--server", "http://nowhere.invalid/api/")
        assert "\n" not in str(caught.value)
    assert not Path("external").exists()
    assert not list(Path("cache").rglob("*.json.gz"))


def test_a_fetch_that_broke_goes_on(project: Path, aflux: JsonServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paraisite.data.sources.http.time.sleep", lambda _: None)
    fetch = fetch_data.fetch_aflow
    monkeypatch.setattr(fetch_data, "fetch_aflow", lambda *args, **more: fetch(*args, page_size=5, **more))
    aflux.faults = [None, *[half] * 6]
    with pytest.raises(DownloadError, match="the connection broke"):
        invoke("fetch", "aflow", "--server", aflux.url)
    aflux.asked.clear()
    assert "aflow: 12 materials" in invoke("fetch", "aflow", "--server", aflux.url)
    assert len(aflux.asked) == 2


def test_the_materials_project_is_fetched_and_described(project: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(MissingInputError, match="MP_API_KEY"):
        invoke("fetch", "materials_project")
    monkeypatch.setenv("MP_API_KEY", KEY)
    MPRester._get_heartbeat_info.cache_clear()
    documents = [document(number) for number in range(N)] + [document(99, structure=None)]
    with running(MaterialsProject(documents)) as server:
        output = invoke("fetch", "materials_project", "--server", server.url)
    assert f"materials_project: {N} materials, 1 rows rejected" in output
    assert "version 2026_10_01" in invoke("list", "--csv")
    assert "include_gnome=False" in invoke("describe", "materials_project")
    assert Path("build/data/materials_project/elements.png").exists()
    for file in (*Path("external").rglob("*"), *Path("build").rglob("*")):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()


def test_the_full_phonix_database_becomes_a_data_set_beside_the_projects_own(project: Path, tmp_path: Path):
    suspect = pq.read_table("data/phonix.parquet").filter(pc.field("suspect") != "")["mp_id"][0].as_py()
    rows_of_hub = [phonix_row(number) for number in range(N)] + [phonix_row(99, mp_id=suspect), phonix_row(1)]
    table = tmp_path / "rows.parquet"
    pd.DataFrame(rows_of_hub).to_parquet(table)
    files = {"README.md": b"# Phonix", "data/train-00000-of-00001.parquet": table.read_bytes()}
    with running(state=HubServer(Hub(files))) as server:
        with pytest.raises(DataError, match="no column 'klat' for kappa"):
            invoke("fetch", "phonix", "--server", server.url, "--column", "kappa=klat")
        n_file = len(server.ranges)
        output = invoke("fetch", "phonix", "--server", server.url)
        assert len(server.ranges) == n_file  # the file was kept
    assert f"phonix-full: {N} materials" in output
    assert "doubtful value" in output
    assert "duplicate id" in output
    listed = rows(invoke("list"))
    assert listed["phonix-full"][:2] == [str(N), "2"]
    assert listed["phonix"][:2] == ["2,938", "30"]
    assert f"version {COMMIT[:12]}" in invoke("list", "--csv")
    described = invoke("describe", "phonix-full")
    assert f"datasets/phonix-db/phonix-full at {COMMIT}: data/train-00000-of-00001.parquet " in described
    assert not Path("cache/fetch/phonix").exists()
    dataset = load_data("phonix-full", load_config())
    assert set(dataset.table["prototype"]) == {"AB_cF8_225_a_b"}
    assert not dataset.selected_by_label.any()
    before = Path("external/phonix-full/materials.parquet").read_bytes()
    invoke("fetch", "phonix", "--from", table)
    assert Path("external/phonix-full/materials.parquet").read_bytes() == before


def test_options_of_phonix_are_for_phonix(project: Path):
    with pytest.raises(ConfigError, match="--column is for phonix only"):
        invoke("fetch", "aflow", "--column", "kappa=klat")
    with pytest.raises(ConfigError, match="--revision is for phonix only"):
        invoke("fetch", "aflow", "--revision", "v2")
    with pytest.raises(ConfigError, match="--gnome is for materials_project only"):
        invoke("fetch", "phonix", "--gnome")
    with pytest.raises(ConfigError, match="expected one of them"):
        invoke("fetch", "aflow", "--from", "reply.json", "--server", "http://localhost:1/")
    with pytest.raises(MissingInputError, match=r"gone\.parquet not found"):
        invoke("fetch", "phonix", "--from", "gone.parquet")
    result = CliRunner().invoke(app, ["data", "fetch", "phonix", "--column", "klat"])
    assert result.exit_code == 2
    assert "is not FIELD=COLUMN" in result.output


def test_own_files_become_a_data_set_like_any_other(project: Path):
    output = invoke("import", "mine", own_files(project / "files"), "--source", "my thesis")
    assert "mine: 10 materials, kappa 1 to 12 W/m/K" in output
    assert list_imported_names() == ["mine"]
    dataset = load_data("mine", load_config())
    assert isinstance(dataset, Dataset)
    assert set(dataset.table["source"]) == {"my thesis"}
    assert sorted(dataset.rejected["material_id"]) == ["3.cif", "5.cif"]
    assert rows(invoke("list"))["mine"][:2] == ["10", "2"]
    assert "not a readable structure file" in invoke("check", "mine")
    reasons = [json.loads(line) for line in invoke("check", "mine", "--json").splitlines() if line.startswith("{")]
    assert sum(reason["rows"] for reason in reasons) == 2
    assert "3.cif" in {reason["example"] for reason in reasons}
    assert "source: my thesis; " in invoke("describe", "mine")


def test_a_name_is_taken_once(project: Path):
    files = own_files(project / "files")
    invoke("import", "mine", files)
    with pytest.raises(ConfigError, match="replace it with --replace"):
        invoke("import", "mine", files)
    (files / "values.csv").write_text("file,k\n0.cif,3\n1.cif,4\n")
    assert "mine: 2 materials" in invoke("import", "mine", files, "--column", "k", "--replace")
    assert len(load_data("mine", load_config())) == 2
    assert sorted(path.name for path in Path("external").iterdir()) == ["mine"]


def test_what_fails_to_replace_a_data_set_leaves_it(project: Path, monkeypatch: pytest.MonkeyPatch):
    files = own_files(project / "files")
    invoke("import", "mine", files)
    before = {path.name: path.read_bytes() for path in Path("external/mine").iterdir()}
    with pytest.raises(DataError, match="no usable material: 12 rows were rejected"):
        invoke("import", "mine", files, "--unit", "W/cm/K", "--column", "file", "--replace")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Dataset, "save", full)
    with pytest.raises(DataError, match=r"No space left on device.*what was there before stays"):
        invoke("import", "mine", files, "--replace")
    assert {path.name: path.read_bytes() for path in Path("external/mine").iterdir()} == before
    assert [path.name for path in Path("external").iterdir()] == ["mine"]


def test_a_damaged_data_set_is_noticed(project: Path):
    invoke("import", "mine", own_files(project / "files"))
    table = Path("external/mine/materials.parquet")
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match=r"materials\.parquet has SHA-256"):
        invoke("check", "mine")


@pytest.mark.parametrize("name", [*RESERVED_NAMES, "Mine", "1st", "my_data", "a--b", "-a", "../x", "", "x" * 41])
def test_a_name_that_cannot_be_one_is_refused(name: str):
    with pytest.raises(ConfigError, match=r"is the name of a data set of the project|cannot name a data set"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "mine", "my-data-2", "x" * 40])
def test_a_name_that_can_be_one_is_taken(name: str):
    assert check_name(name) == name


def test_verbs_know_imported_names_only_once_they_exist(project: Path, monkeypatch: pytest.MonkeyPatch):
    result = CliRunner().invoke(app, ["data", "check", "mine"])
    assert result.exit_code == 2
    assert "is not one of togo15, hh143, mix" in result.output
    assert "data import NAME FOLDER" in " ".join(result.output.replace("│", " ").split())
    invoke("import", "mine", own_files(project / "files"))
    asked: list[str] = []
    monkeypatch.setattr("paraisite.workflows.train.train_experiment", lambda _, dataset, **__: asked.append(dataset))
    monkeypatch.setattr("paraisite.workflows.train.train_recipe", lambda recipe, **_: asked.append(recipe))
    for arguments in (["step3", "--dataset", "mine"], ["train", "felab_mine"]):
        assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert asked == ["mine", "FELAB_MINE"]
    assert CliRunner().invoke(app, ["prepare", "mine"], catch_exceptions=False).exit_code == 0
    assert Dataset.load(Path("build/prepare/mine")).digest == load_data("mine", load_config()).digest


def test_dvc_tracks_what_came_and_its_absence_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING):
        track_with_dvc("add", "external/mine")
    assert "DVC does not track it" in caplog.text


def test_names_in_the_command_line_are_those_of_the_package():
    assert DOWNLOADABLE == NAMES_OF_FETCHED
    assert tuple(UNITS) == NAMES_OF_UNITS
