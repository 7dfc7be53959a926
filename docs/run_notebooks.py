"""Run the notebooks and keep what they print and draw: ``python -m docs.run_notebooks``, in the repository's folder.

Needs the dependency group ``docs``. The tests run the same cells without it, and compare what is printed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

NOTEBOOKS: Final = Path(__file__).parent / "notebooks"


def run(path: Path) -> None:
    """Run a notebook in its folder and write it back with its outputs, without times."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}, record_timing=False).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _is_kept(output)]
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


def _is_kept(output: Mapping[str, Any]) -> bool:
    """Whether an output is what a cell prints or draws, not a warning or the line of a command with its folder."""
    return output.get("name") == "stdout" or "image/png" in output.get("data", {})


if __name__ == "__main__":
    for notebook_file in sorted(NOTEBOOKS.glob("*.ipynb")):
        run(notebook_file)
