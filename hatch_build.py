"""Put the default model and what refines it into the wheel, so that an installation predicts without clone or network.

They are taken from the stages' folders, as ``dvc pull`` or a training leaves them, else from the store that the
repository brings along: `pip install .` in a fresh clone needs no DVC.
"""

import json
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {
    "build/gpaccurate/predictor": ("card.json", "reference.safetensors", "relevance.safetensors"),
    "build/check_refined": ("refinement.json",),
}
"""Folders and the files of them that the wheel holds, below ``paraisite/shipped``."""


class ShippedModels(BuildHookInterface):
    """Adds the files to wheel and source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files; a clone that is installed as editable predicts with its own."""
        if version == "editable":
            return
        for folder, names in SHIPPED.items():
            for name, source in self._find(folder, names).items():
                inside = "" if self.target_name == "sdist" else "paraisite/shipped/"
                build_data["force_include"][str(source)] = f"{inside}{folder}/{name}"

    def _find(self, folder: str, names: tuple[str, ...]) -> dict[str, Path]:
        here = {name: Path(self.root) / folder / name for name in names}
        if all(path.is_file() for path in here.values()):
            return here
        in_store = self._list_store(folder)
        if all(name in in_store and in_store[name].is_file() for name in names):
            return {name: in_store[name] for name in names}
        raise SystemExit(
            f"{folder} lacks {', '.join(names)}, which belong into the package: run `dvc pull {folder}` first"
        )

    def _list_store(self, folder: str) -> dict[str, Path]:
        """Return the files of a tracked folder as the repository's store keeps them; none where it has none."""
        root = Path(self.root)
        try:
            lock = (root / "dvc.lock").read_text()
            digest = re.search(rf"path: {re.escape(folder)}\n(?: +\w+: \S+\n)*? +md5: (\w+\.dir)\n", lock)
            objects = root / "dvcstore" / "files" / "md5"
            listed = json.loads((objects / digest[1][:2] / digest[1][2:]).read_text()) if digest else []
        except (OSError, ValueError):
            return {}
        return {file["relpath"]: objects / file["md5"][:2] / file["md5"][2:] for file in listed}
