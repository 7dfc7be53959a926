"""The notebooks of the documentation run, print what is stored in them, and are shown on the site."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from tests.docs.blocks import ROOT, text_of
from tests.docs.test_examples import assert_alike

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(notebook.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow  # CI runs them beside the default tests
@pytest.mark.usefixtures("own_store")  # which counts more than the one that a notebook sets
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run_and_print_what_is_stored(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")  # so that what a notebook sets is undone
    namespace: dict[str, Any] = {"__name__": "example"}
    with mpl.rc_context({"backend": "agg"}):
        for number, cell in enumerate(cells_of(notebook)):
            code = compile("".join(cell["source"]), f"{notebook.name}, cell {number}", "exec")
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(code, namespace)
            shown = "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")
            # In a notebook the lines of a command come out as HTML, before those that the cell prints itself.
            last = printed.getvalue().splitlines(keepends=True)[-max(shown.count("\n"), 1) :] if shown else []
            assert_alike("".join(last), shown, f"{notebook.name}, cell {number}")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_as_run_and_are_small(notebook: Path) -> None:
    cells = cells_of(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert "stderr" not in {output.get("name") for output in outputs}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert notebook.stat().st_size < 200_000


def test_notebooks_are_in_the_sites_navigation() -> None:
    index = text_of("docs/index.md")
    assert all(f"\nnotebooks/{notebook.stem}\n" in index for notebook in NOTEBOOKS)
