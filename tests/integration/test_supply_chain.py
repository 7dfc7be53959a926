"""Licences, known vulnerabilities and bill of materials of the pinned environment."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from paraisite.inference.crystals import read_crystals
from tests.graphs.crystals import rocksalt
from tests.pipeline import ROOT

SCRIPT = ROOT / ".ci" / "supply_chain.py"


@pytest.fixture(scope="module")
def chain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supply_chain", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(chain: ModuleType, monkeypatch: pytest.MonkeyPatch, *, stdout: str, stderr: str = "") -> None:
    done = subprocess.CompletedProcess([], 1, stdout=stdout, stderr=stderr)
    monkeypatch.setattr(chain.subprocess, "run", lambda *_, **__: done)


def test_a_bill_of_materials_names_every_package_with_hashes_and_licence(tmp_path: Path, chain: ModuleType) -> None:
    file = tmp_path / "paraisite.cdx.json"
    subprocess.run([sys.executable, str(SCRIPT), "sbom", str(file)], check=True, capture_output=True)
    bill = json.loads(file.read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "paraisite")
    assert bill["metadata"]["component"]["version"] in (ROOT / "CITATION.cff").read_text()
    components = {component["name"]: component for component in bill["components"]}
    assert {name: each["version"] for name, each in components.items()} == chain.read_pins()
    assert all(each["purl"] == f"pkg:pypi/{name}@{each['version']}" for name, each in components.items())
    assert all(each["externalReferences"][0]["hashes"] for each in components.values())
    assert components["numpy"]["licenses"][0]["license"]["name"].startswith("BSD-3-Clause")


def test_licences_come_from_metadata_else_from_the_licences_text(chain: ModuleType) -> None:
    known = {name: chain.find_licence(name) for name in ("pytest", "numpy", "symfc", "no-such-package")}
    assert known["pytest"] == "MIT"
    assert known["numpy"].startswith("BSD-3-Clause")
    assert known["symfc"] == "BSD-3-Clause"  # its metadata name nothing but the file
    assert known["no-such-package"] == chain.NOT_INSTALLED


def test_packages_of_unknown_licence_are_named(
    chain: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    licences = {"a": "MIT", "b": chain.UNKNOWN, "c": "GPL-2.0-only", "d": "LGPL-3.0"}
    monkeypatch.setattr(chain, "read_pins", lambda: dict.fromkeys(licences, "1"))
    monkeypatch.setattr(chain, "find_licence", licences.__getitem__)
    assert chain.list_licences() == 1
    printed = capsys.readouterr().out
    assert "| c | 1 | GPL-2.0-only |" in printed
    assert printed.endswith("copyleft, or a choice of it: c\nunknown: b\n")


@pytest.mark.parametrize(
    ("stdout", "stderr"),
    [
        ("", "requests.exceptions.ConnectionError: Max retries exceeded"),
        (json.dumps({"dependencies": [{"name": "numpy", "skip_reason": "not found on PyPI"}]}), ""),
    ],
)
def test_without_the_service_an_audit_says_that_nothing_was_checked(
    chain: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stdout: str, stderr: str
) -> None:
    answer(chain, monkeypatch, stdout=stdout, stderr=stderr)
    assert chain.audit() == chain.NOTHING_CHECKED
    assert "nothing was checked" in capsys.readouterr().out


def test_an_audit_names_what_is_vulnerable(
    chain: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = [{"id": "PYSEC-1", "fix_versions": ["1.1"]}, {"id": "GHSA-2", "fix_versions": []}]
    found = [{"name": "a", "version": "1.0", "vulns": known}, {"name": "b", "version": "2.0", "vulns": []}]
    answer(chain, monkeypatch, stdout=json.dumps({"dependencies": found}))
    assert chain.audit() == 1
    assert capsys.readouterr().out == (
        "a 1.0: PYSEC-1, GHSA-2; mended in 1.1\n2 of 2 packages checked, 1 with known vulnerabilities\n"
    )
    answer(chain, monkeypatch, stdout=json.dumps({"dependencies": found[1:]}))
    assert chain.audit() == 0


@pytest.mark.parametrize("place", ["document", "structure", "site"])
def test_a_structures_json_imports_no_module_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The decoder of pymatgen imports what ``@module`` says, and calls the class's ``from_dict``."""
    mark = tmp_path / "was imported"
    (tmp_path / "planted_by_json.py").write_text(f"import pathlib\npathlib.Path({str(mark)!r}).touch()\nclass X: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    planted = {"@module": "planted_by_json", "@class": "X"}
    document = rocksalt(5.64, ("Na", "Cl")).as_dict()
    if place == "document":
        document = {**planted, "structure": document}
    elif place == "structure":
        document["properties"] = {"note": planted}
    else:
        for site in document["sites"]:
            site["properties"] = {"note": planted}
    (tmp_path / "planted.json").write_text(json.dumps(document))
    (crystal,) = read_crystals([tmp_path / "planted.json"])
    assert crystal.formula == "NaCl"
    assert not mark.exists()


def test_nothing_is_published_without_a_bill_of_materials() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())["jobs"]
    (made,) = [name for name, job in jobs.items() if "supply_chain.py sbom" in str(job)]
    assert made in jobs["publish"]["needs"]
    assert "gh release upload" in str(jobs[made])
