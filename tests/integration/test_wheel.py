"""What the package is built of: the build hook, and the files that an installation finds outside of a clone."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from paraisite.artifacts import dvc_files
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.predictors import find_predictor
from paraisite.core.paths import IN_PACKAGE
from paraisite.errors import MissingInputError
from tests.inference.known_predictors import tiny_predictor

ROOT = Path(__file__).parents[2]
FOLDER = "build/gpaccurate/predictor"


def add_files(root: Path, monkeypatch: pytest.MonkeyPatch, *, version: str = "standard") -> dict[str, str]:
    """Return what the build hook adds to a wheel of a folder."""
    pytest.importorskip("hatchling", reason="hatchling is not installed: only a build needs it")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "hatch_build", module)
    spec.loader.exec_module(module)
    data = {"force_include": {}}
    module.ShippedModels(str(root), {}, None, None, str(root), "wheel").initialize(version, data)
    return data["force_include"]


def test_a_build_without_the_models_files_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=rf"{FOLDER} lacks card.json, .*: run `dvc pull {FOLDER}` first"):
        add_files(tmp_path, monkeypatch)
    assert add_files(tmp_path, monkeypatch, version="editable") == {}


def test_a_fresh_clone_is_built_from_the_store_that_it_brings_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "dvc.lock", tmp_path)
    (tmp_path / "dvcstore").symlink_to(ROOT / "dvcstore")
    added = add_files(tmp_path, monkeypatch)
    assert set(added.values()) == {
        f"paraisite/shipped/{path}"
        for path in (
            *(f"{FOLDER}/{name}" for name in ("card.json", "reference.safetensors", "relevance.safetensors")),
            "build/check_refined/refinement.json",
        )
    }
    assert all(Path(source).is_file() for source in added)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an installation's files; work in an empty folder."""
    monkeypatch.setattr(dvc_files, "PACKAGED", tmp_path / "shipped")
    tiny_predictor().save(tmp_path / "shipped" / FOLDER)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return tmp_path / "shipped" / FOLDER


def test_an_installation_predicts_with_its_own_model(installed: Path) -> None:
    assert find_predictor("gpaccurate").digest == tiny_predictor().digest
    assert fetch_tracked(Path(FOLDER), target=FOLDER) == installed


def test_a_clone_that_is_installed_as_editable_predicts_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    tiny_predictor().save(clone / FOLDER)
    (clone / "build" / "kappa").mkdir()
    outputs = (FOLDER, "build/kappa")
    listed = "".join(f"    - path: {path}\n      md5: 0.dir\n" for path in outputs)
    (clone / "dvc.lock").write_text(f"stages:\n  fit:\n    outs:\n{listed}")
    monkeypatch.setattr(dvc_files, "PACKAGED", tmp_path / "none")
    monkeypatch.setattr(dvc_files, "SOURCE_TREE", clone)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert find_predictor("gpaccurate").digest == tiny_predictor().digest
    with pytest.raises(MissingInputError, match="build/kappa is absent"):  # a wheel would not hold it
        fetch_tracked(Path("build/kappa"), target="build/kappa")


def test_the_wheel_holds_what_an_editable_installation_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "dvc.lock", tmp_path)
    (tmp_path / "dvcstore").symlink_to(ROOT / "dvcstore")
    folders = {Path(path).relative_to("paraisite/shipped").parent for path in add_files(tmp_path, monkeypatch).values()}
    assert folders == set(IN_PACKAGE)


def test_a_clones_own_model_comes_before_the_installations(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dvc.lock").write_text(f"stages:\n  fit:\n    outs:\n    - path: {FOLDER}\n      md5: 0.dir\n")
    monkeypatch.setattr(dvc_files, "run_dvc", lambda *_, **__: shutil.copytree(installed, FOLDER) and None)
    assert fetch_tracked(Path(FOLDER), target=FOLDER) == Path(FOLDER)
    assert Path(FOLDER).is_dir()
