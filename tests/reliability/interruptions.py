"""A command is hit at a moment and started again: it ends as if nothing had been, and leaves nothing behind."""

import functools
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.reliability.moments import Blow, Hit, Moments
from tests.reliability.processes import Ended, run_apart
from tests.reliability.scenarios import SCENARIOS, variables_of

_RESULT: Final = "result.json"
_ENDS: Final = {Blow.KILL: (-9,), Blow.TEAR: (-25,), Blow.INTERRUPT: (130,), Blow.FULL: (2,)}
"""Exit codes by blow, besides 0 where the command has ended all the same."""

_TRACES: Final = re.compile(r"Traceback \(most recent call last\)|^  File \"", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """What went wrong."""

    where: str
    what: str
    said: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.where}: {self.what}\n    " + "\n    ".join(self.said.strip().splitlines()[-12:])


class Rehearsal:
    """A scenario in folders of its own: prepared and run once without interruption, to know what is expected.

    Attributes:
        moments: What the command does at each of its moments, in order.
        work: The folder that it works in.
    """

    def __init__(self, name: str, root: Path) -> None:
        self.name, self._scenario = name, SCENARIOS[name]
        self._root = root / name.replace(" ", "-")
        self._root.mkdir()
        self._prepared, self.work = self._root / "prepared", self._root / "work"
        self.work.mkdir()
        self._do(self._scenario.prepare, self.work)
        self._before = self.read(self.work) if self._scenario.changes_at_once else None
        shutil.copytree(self.work, self._prepared, symlinks=True)
        notes = self._root / "notes"
        self._do(functools.partial(self.act, None, notes), self.work)
        self.moments = notes.read_text().splitlines()
        self._after = self.read(self.work)

    def fresh(self) -> Path:
        """Return the working folder as it was before the command: a store knows it by its path."""
        for path in self.work.iterdir():
            path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
        shutil.copytree(self._prepared, self.work, symlinks=True, dirs_exist_ok=True)
        return self.work

    def act(self, hit: Hit | None, notes: Path | None = None, *, clock_is_back_seconds: float = 0.0) -> None:
        """Run the command, in this process."""
        if clock_is_back_seconds:
            now = time.time
            time.time = lambda: now() - clock_is_back_seconds
        Moments(self.work, hit, notes).watch()
        self._scenario.run()

    def hits(self) -> Iterator[Hit]:
        """Yield all that can be tried."""
        for number, moment in enumerate(self.moments, start=1):
            yield Hit(number, Blow.KILL)
            if moment.startswith("open "):
                yield Hit(number, Blow.TEAR)
            yield Hit(number, Blow.INTERRUPT)
            yield Hit(number, Blow.FULL)

    def try_hit(self, hit: Hit) -> list[Failure]:
        """Strike, start again, and compare."""
        folder = self.fresh()
        where = f"{self.name}, {hit.blow} at {hit.number} of {len(self.moments)} ({self.moments[hit.number - 1]})"
        ended = self.run(folder, hit)
        return self.judge(where, ended, _ENDS[hit.blow], folder)

    def judge(self, where: str, ended: Ended, codes: tuple[int, ...], folder: Path) -> list[Failure]:
        """Return what is wrong with how a command has ended, with what it left, and with the next run of it."""
        wrong = []
        if ended.code not in (0, *codes):
            wrong.append(Failure(where, f"exit code {ended.code}, expected one of {(0, *codes)}", ended.said))
        if _TRACES.search(ended.said):
            wrong.append(Failure(where, "printed a traceback", ended.said))
        try:
            if self._scenario.changes_at_once and self.read(folder) not in (self._before, self._after):
                wrong.append(Failure(where, "left something between before and after", ""))
            again = self.run(folder)
            if again.code != 0 or _TRACES.search(again.said):
                wrong.append(Failure(where, f"the next run ended with {again.code}", again.said))
            elif (found := self.read(folder)) != self._after:
                wrong.append(Failure(where, f"the next run left {found}, expected {self._after}", again.said))
            wrong += [Failure(where, left, "") for left in _leftovers(folder)]
        except (ReadError, sqlite3.Error) as error:
            wrong.append(Failure(where, "what was left cannot be read", str(error)))
        return wrong

    def run(
        self,
        folder: Path,
        hit: Hit | None = None,
        *,
        reader_is_gone: bool = False,
        clock_is_back_seconds: float = 0.0,
    ) -> Ended:
        """Run the command in a process of its own."""
        return run_apart(
            functools.partial(self.act, hit, clock_is_back_seconds=clock_is_back_seconds),
            folder=folder,
            variables=variables_of(folder),
            reader_is_gone=reader_is_gone,
        )

    def read(self, folder: Path) -> Any:
        """Return what the command has left.

        Raises:
            ReadError: It cannot be read.
        """
        result = self._root / _RESULT

        def write() -> None:
            result.write_text(json.dumps(self._scenario.read(), default=str))

        self._do(write, folder)
        return json.loads(result.read_text())

    def _do(self, action: Any, folder: Path) -> None:
        ended = run_apart(action, folder=folder, variables=variables_of(folder))
        if ended.code != 0:
            raise ReadError(f"{self.name} ended with {ended.code}: {ended.said}")


class ReadError(Exception):
    """What should be there cannot be read."""


def _leftovers(folder: Path) -> Iterator[str]:
    """Yield what no command may leave: halves of files, open runs, versions without stage, two champions or none."""
    for path in folder.rglob("*"):
        if path.name.endswith((".part", ".old", "-journal")):
            yield f"left {path.relative_to(folder)}"
    if not (folder / "mlflow.db").exists():
        return
    with sqlite3.connect(folder / "mlflow.db") as store:
        for (name,) in store.execute("SELECT name FROM runs WHERE status = 'RUNNING'"):
            yield f"run {name} is still running"
        for name, n in store.execute(
            "SELECT m.name, count(a.alias) FROM registered_models m LEFT JOIN registered_model_aliases a "
            "ON a.name = m.name AND a.alias = 'champion' GROUP BY m.name HAVING count(a.alias) != 1"
        ):
            yield f"model {name} has {n} champions"
        for name, n in store.execute(
            "SELECT name, count(*) FROM model_versions WHERE current_stage = 'Production' GROUP BY name "
            "HAVING count(*) != 1"
        ):
            yield f"model {name} has {n} versions in Production"
        for name, version in store.execute("SELECT name, version FROM model_version_tags WHERE key = 'stage_pending'"):
            yield f"{name} version {version} waits for its stage"
