"""One pool of processes for everything that is done side by side.

Processes are spawned, as libraries with threads of their own do not survive a fork, and have one thread each: a process
per core beats threads in one process, and none of them waits for another.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, TypeVarTuple

from paraisite.errors import ParaisiteError

_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")

State = TypeVar("State")
Task = TypeVar("Task")
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class WorkerPool(Generic[State]):
    """Processes that load what they need once and then take one task after another, to be used with ``with``.

    They start with the first tasks, and end with this process however it ends. Any error inside ``with``, Ctrl-C among
    them, ends them at once; what they were at is lost. A script that opens a pool needs
    ``if __name__ == "__main__":``.

    Attributes:
        n_ahead: How many tasks to hand out at once: enough to keep all busy; more would only fill the memory.
    """

    def __init__(self, n_worker: int, load: Callable[[], State], *, if_lost: str) -> None:
        """Prepare.

        Args:
            n_worker: How many processes.
            load: Returns what each of them keeps; it is sent to them, so it is a module's function or a ``partial`` of
                one.
            if_lost: What to tell where a process was ended from outside.
        """
        self.n_ahead = 2 * n_worker
        self._context, self._if_lost = _Context(), if_lost
        # As bytes, which a process takes at once: it would import what it needs for them while the next one waits.
        packed = bytes(ForkingPickler.dumps(load))
        self._executor = ProcessPoolExecutor(n_worker, self._context, _start, (packed,))

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """End the processes: after their last task, or at once where there was an error.

        Raises:
            ParaisiteError: A process was ended from outside.
        """
        if error is not None:
            for process in self._context.processes:
                process.terminate()
        self._executor.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise ParaisiteError(self._if_lost) from error

    def submit(self, function: Callable[[State, *Arguments], Result], *arguments: *Arguments) -> Future[Result]:
        """Hand out a task: a module's function, called with what the process has loaded and these arguments."""
        return self._executor.submit(_call, function, *arguments)

    def imap(self, function: Callable[[State, Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results in the order of the tasks, which are read no farther than they are handed out."""
        running: deque[Future[Result]] = deque()
        for task in tasks:
            running.append(self.submit(function, task))
            if len(running) >= self.n_ahead:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()

    def imap_unordered(
        self, function: Callable[[State, Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result]]:
        """Yield each task with its result as soon as it is there; tasks are read as by ``imap``."""
        return results_as_they_come(lambda task: self.submit(function, task), tasks, n_ahead=self.n_ahead)


def results_as_they_come(
    submit: Callable[[Task], Future[Result]], tasks: Iterable[Task], *, n_ahead: int
) -> Iterator[tuple[Task, Result]]:
    """Yield each task with its result as soon as it is there.

    Args:
        submit: Hands out a task, to a pool of this machine or of others.
        tasks: Read no farther than they are handed out.
        n_ahead: How many are handed out at once.
    """
    running: dict[Future[Result], Task] = {}
    for task in tasks:
        running[submit(task)] = task
        if len(running) >= n_ahead:
            yield from _finished(running)
    while running:
        yield from _finished(running)


def _finished(running: dict[Future[Result], Task]) -> Iterator[tuple[Task, Result]]:
    """Wait for at least one task, and take out what is done."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future.result()


class _OneThreadProcess(SpawnProcess):
    def start(self) -> None:
        with _one_thread_each():
            super().start()


class _Context(SpawnContext):
    """Starts processes of one thread, and keeps a list of them: an executor has no way to end its own at once."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[SpawnProcess] = []

    def Process(self, *args: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]
        self.processes.append(_OneThreadProcess(*args, **options))
        return self.processes[-1]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that are started inside use one thread; libraries read these variables when they are loaded."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass(frozen=True)
class _NotLoaded:
    error: Exception


_state: Any = None  # of a worker's process: what it has loaded


def _start(packed: bytes) -> None:
    """Prepare a worker's process, given the function that loads its state."""
    global _state
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _state = ForkingPickler.loads(packed)()
    except Exception as error:
        _state = _NotLoaded(error)  # raised by the first task: raised here it would read as a process that was killed


def _end_with_parent() -> None:
    """Leave when the parent is gone: killed with SIGKILL it sends nothing, and this process would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(function: Callable[..., Result], *arguments: Any) -> Result:
    if isinstance(_state, _NotLoaded):
        raise _state.error
    return function(_state, *arguments)
