"""What DVC tracks here, according to its own files: outputs, the files in them, and changes that a command makes.

Nothing here runs DVC but to ask where its cache is. The layouts of ``dvc.lock``, of ``.dvc`` files and of cache and
store (``files/md5/`` and a digest, a list of files where it ends in ``.dir``) are DVC's documented ones.
"""

import hashlib
import json
import logging
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from paraisite.core.dvc import ask_dvc
from paraisite.core.files import write_whole
from paraisite.core.process_names import is_gone, name_process

logger = logging.getLogger(__name__)

STORE: Final = "dvcstore"
"""Folder of the remote that the repository brings along."""

_STAGE_VARIABLE: Final = "DVC_STAGE"
"""Set by DVC for the commands of its stages, whose outputs it keeps itself."""

_LOCK: Final = "dvc.lock"
_MARKS: Final = Path(".dvc") / "tmp"
_MARK: Final = ".paraisite"
_CACHE: Final = Path(".dvc") / "cache"
_OBJECTS: Final = Path("files") / "md5"

FileState = tuple[int, int, int]


def lacks_shipped_files(path: Path, *, project: Path) -> bool:
    """Return whether a tracked folder was left incomplete, as by a ``dvc pull`` that was killed.

    A folder with other content than is shipped is somebody's own, and complete.

    Args:
        path: Folder or file, relative to ``project``.
        project: Folder of the repository.
    """
    shipped = _list_shipped(path, project=project)
    here = {name: digest for name, digest in shipped.items() if (project / path / name).is_file()}
    return len(here) < len(shipped) and all(_md5(project / path / name) == digest for name, digest in here.items())


def is_shipped(path: Path, *, project: Path = Path()) -> bool:
    """Return whether the repository brings files below a path along.

    Args:
        path: Folder, relative to ``project``.
        project: Folder of the repository.
    """
    return bool(_list_shipped(path, project=project))


def is_tracked(path: Path, *, project: Path) -> bool:
    """Return whether DVC's files here name a path or a folder above it.

    Args:
        path: Relative to ``project``.
        project: Folder of the repository.
    """
    files = (project / f"{path.parts[0]}.dvc", project / _LOCK)
    return any(path.is_relative_to(output["path"]) for file in files for output in _read_outputs(file, above=path))


@dataclass(frozen=True)
class OutputWatch:
    """The files of all tracked outputs at one moment.

    Attributes:
        files: Size, time and number of each file, by its path.
        outputs: Paths of the outputs.
        mark: Empty file that lies in DVC's folder while the command runs.
    """

    files: dict[Path, FileState]
    outputs: tuple[Path, ...]
    mark: Path

    @classmethod
    def start(cls) -> "OutputWatch | None":
        """Look at the outputs of ``dvc.lock``; None where there are none, or where DVC looks after them itself."""
        if os.environ.get(_STAGE_VARIABLE) or not Path(_LOCK).is_file() or not Path(".dvc").is_dir():
            return None
        outputs = tuple(Path(output["path"]) for output in _read_outputs(Path(_LOCK)) if output.get("cache", True))
        files = _list_files(outputs)
        for mark in _MARKS.glob(f"*{_MARK}"):
            if is_gone(mark.name.removesuffix(_MARK)):  # killed before it could keep what it had written
                since = mark.stat().st_mtime_ns
                _keep_all([path for path, (_, time, _) in files.items() if time >= since], outputs)
                mark.unlink(missing_ok=True)
        mark = _MARKS / f"{name_process()}{_MARK}"
        with suppress(OSError):
            _MARKS.mkdir(exist_ok=True)
            mark.touch()
        return cls(files, outputs, mark)

    def keep_changed(self) -> None:
        """Put files that have changed since into DVC's cache: it replaces none that it cannot bring back.

        So ``dvc pull`` and ``dvc checkout`` work after a command has written what is also shipped.
        """
        changed = [path for path, state in _list_files(self.outputs).items() if self.files.get(path) != state]
        _keep_all(changed, self.outputs)
        with suppress(OSError):
            self.mark.unlink(missing_ok=True)


def _keep_all(changed: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Put files into the cache, and say which outputs they belong to, where any of them is new to it."""
    if not changed or (cache := ask_dvc("cache", "dir")) is None:
        return
    try:
        new = [path for path in changed if _keep(path, Path(cache))]
    except OSError as error:
        logger.warning("DVC's cache cannot keep what is new, so that `dvc pull` will refuse: %s", error)
        return
    touched = [str(output) for output in outputs if any(path.is_relative_to(output) for path in new)]
    if touched:
        logger.info(
            "%s %s not what is shipped; `dvc pull` brings that back, `dvc commit` keeps this instead",
            ", ".join(touched),
            "is" if len(touched) == 1 else "are",
        )


def _list_files(outputs: tuple[Path, ...]) -> dict[Path, FileState]:
    files: dict[Path, FileState] = {}
    for output in outputs:
        for path in (output, *output.rglob("*")):
            try:
                found = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                files[path] = (found.st_size, found.st_mtime_ns, found.st_ino)
    return files


def _keep(path: Path, cache: Path) -> bool:
    """Copy a file into the cache; return whether it was not there."""
    digest = _md5(path)
    kept = cache / _OBJECTS / digest[:2] / digest[2:]
    if kept.exists():
        return False
    write_whole(kept, path.read_bytes())
    kept.chmod(0o444)  # as DVC keeps its own
    return True


def _list_shipped(path: Path, *, project: Path) -> dict[str, str]:
    """Return the digests of the files that DVC ships below a path, by their names below it; nothing if unknown."""
    for file in (project / f"{path.parts[0]}.dvc", project / _LOCK):
        for output in _read_outputs(file, above=path):
            place, digest = Path(output["path"]), str(output.get("md5", ""))
            if path.is_relative_to(place) and digest.endswith(".dir"):
                files = {Path(each["relpath"]): str(each["md5"]) for each in _read_list(digest, project=project)}
                below = path.relative_to(place)
                return {str(name.relative_to(below)): md5 for name, md5 in files.items() if name.is_relative_to(below)}
    return {}


def _read_outputs(file: Path, *, above: Path | None = None) -> list[dict[str, Any]]:
    """Return the outputs that a ``.dvc`` file or ``dvc.lock`` names; none where it cannot be read.

    Args:
        file: It.
        above: Only those that are this path or a folder above it are needed.
    """
    try:
        text = file.read_text()
        if above is not None and file.name == _LOCK:
            text = _cut_other_stages(text, above)
        content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        stages = [content, *content.get("stages", {}).values()]
        return [output for stage in stages for output in stage.get("outs", []) if "path" in output]
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        logger.debug("%s names no outputs: %s", file, error)
        return []


def _cut_other_stages(text: str, path: Path) -> str:
    """Return the text of ``dvc.lock`` without stages that name neither a path nor a folder above it.

    All of it takes as long to parse as NumPy to import.
    """
    names = {each.as_posix() for each in (path, *path.parents)}
    head, *stages = re.split(r"^(?=  [^\s#])", text, flags=re.MULTILINE)
    paths = (re.findall(r"\bpath: *['\"]?(.*?)['\"]?\s*$", stage, flags=re.MULTILINE) for stage in stages)
    return head + "".join(stage for stage, found in zip(stages, paths, strict=True) if not names.isdisjoint(found))


def _read_list(digest: str, *, project: Path) -> list[dict[str, str]]:
    """Return a tracked folder's list of files, from the cache or the store; an empty one where neither has it."""
    for root in (project / _CACHE, project / STORE):
        try:
            listed: list[dict[str, str]] = json.loads((root / _OBJECTS / digest[:2] / digest[2:]).read_text())
        except (OSError, ValueError):
            continue
        return listed
    return []


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
