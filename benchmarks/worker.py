"""A measuring process, seen from the side that asks."""

import json
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.protocol import Measurement
from paraisite.errors import ParaisiteError

REPOSITORY = Path(__file__).resolve().parent.parent


class WorkerError(ParaisiteError):
    """A worker failed; the message says why and where its log is."""


class Worker:
    """One process that prepares itself once and then measures what it is asked."""

    def __init__(self, name: str, python: Path, module: str, arguments: Sequence[str], *, log: Path) -> None:
        """Start the process; it prepares itself in the background.

        Args:
            name: For messages and results.
            python: The interpreter, of an environment that holds what the module imports.
            module: Module of this package to run.
            arguments: Its command line.
            log: Where its standard error goes.
        """
        self.name, self.log = name, log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(python), "-m", module, *arguments],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def wait_until_ready(self) -> dict[str, Any]:
        """Return what the worker tells about itself.

        Raises:
            WorkerError: It could not prepare itself.
        """
        return self._answer("preparing")

    def ask(self, task: str) -> Measurement:
        """Let the worker measure one task.

        Raises:
            WorkerError: The task failed.
        """
        if self._process.stdin is None:
            raise WorkerError(f"{self.name} has no input")
        try:
            self._process.stdin.write(task + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerError(f"{self.name}, {task}: the process has ended; its log is {self.log}") from error
        answer = self._answer(task)
        return Measurement(answer["n_structure"], answer["seconds"], answer["details"])

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self, what: str) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended"}
        if "error" in answer:
            raise WorkerError(f"{self.name}, {what}: {answer['error']}; its log is {self.log}")
        return answer
