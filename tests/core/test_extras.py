"""What is said where an extra of the installation is missing."""

import re
import tomllib
from pathlib import Path

import pytest

from paraisite import __main__ as entry
from paraisite.core.dvc import run_dvc
from paraisite.core.extras import EXTRA_OF_PACKAGE, describe_missing_package, install_command

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = {"dask": "distributed", "mp_api": "mp-api", "ruamel": "ruamel.yaml", "PIL": "pillow"}


def installs(extra: str) -> set[str]:
    """Return the packages of an extra and of those that it names."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = set()
    for line in extras[extra]:
        name, inner = re.match(r"([\w.-]+)(?:\[([^]]*)\])?", line).groups()
        names |= set().union(*map(installs, inner.split(","))) if name == "paraisite" else {name}
    return names


@pytest.mark.parametrize("package", [name for name in EXTRA_OF_PACKAGE if name != "nequix"])
def test_an_extra_that_is_named_installs_the_package(package: str) -> None:
    distribution = DISTRIBUTIONS.get(package, package.replace("tf_keras", "tf-keras"))
    assert distribution in installs(EXTRA_OF_PACKAGE[package])


def test_a_missing_extra_is_a_sentence_and_any_other_module_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def app(missing: str) -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr("sys.argv", ["paraisite", "version"])
    monkeypatch.setattr(entry, "app", lambda: app("tensorflow.python"))
    with pytest.raises(SystemExit) as stop:
        entry.main()
    assert stop.value.code == 2
    expected = 'error: this needs tensorflow, which is not installed: pip install ".[train]"\n'
    assert capsys.readouterr().err == expected
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        entry.main()
    assert capsys.readouterr().err.endswith("needs the project's folder, too, a clone of the repository\n")
    monkeypatch.setattr(entry, "app", lambda: app("paraisite.nowhere"))
    with pytest.raises(ModuleNotFoundError, match=r"paraisite\.nowhere"):
        entry.main()
    assert describe_missing_package(ModuleNotFoundError("without a name")) is None


def test_dvc_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paraisite.core.dvc.importlib.util.find_spec", lambda _name: None)
    assert run_dvc("pull") == 'DVC is not installed: pip install ".[train]"'


def test_a_command_is_of_the_clone_or_of_the_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert install_command("app") == 'pip install ".[app]"'
    monkeypatch.setattr("paraisite.core.extras._CLONE", tmp_path)
    assert install_command("app") == 'pip install "paraisite[app]"'
    # Its own dependencies are several gigabytes, so that no extra names it.
    assert install_command("refine", package="nequix").endswith(" && pip install --no-deps nequix")
