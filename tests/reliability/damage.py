"""Damaged files are read as what they were, or refused with a reason: no crash, no hang, no gigabytes."""

import json
import resource
import shutil
import signal
import time
import traceback
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from paraisite.errors import ParaisiteError
from tests.reliability.formats import KINDS, REFUSED
from tests.reliability.mutations import damage
from tests.reliability.processes import run_apart

N_SAMPLE: Final = 12
_SECONDS: Final = 60
_MORE_BYTES: Final = 2 << 30
_PER_PROCESS: Final = 200
_RESULTS: Final = "results.jsonl"


class Outcome(StrEnum):
    """What became of a damaged file."""

    SAME = "as undamaged"
    REFUSED = "refused"
    CONFIRMED = "another crystal, which a second reader finds, too"
    OTHER = "another value"
    FAILED = "failed"


@dataclass(frozen=True)
class Reading:
    """A damaged file and what became of it.

    Attributes:
        number: Which one of its kind; kind and number give the same file every time.
        outcome: What became of it.
        what: The other value, or what failed.
    """

    number: int
    outcome: Outcome
    what: str = ""


class HungError(BaseException):
    """A reader takes too long; no reader catches this."""


def read_damaged(kind: str, n: int, root: Path) -> list[Reading]:
    """Damage and read n files of a kind, in processes of their own with limits of time and memory."""
    folder = root / "damaged"
    readings: list[Reading] = []
    while len(readings) < n:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        numbers = range(len(readings), min(n, len(readings) + _PER_PROCESS))
        ended = run_apart(
            lambda numbers=numbers: _read_all(kind, numbers, folder), folder=folder, progress=folder / _RESULTS
        )
        found = [json.loads(line) for line in (folder / _RESULTS).read_text().splitlines()]
        readings += [Reading(each["number"], Outcome(each["outcome"]), each["what"]) for each in found]
        if len(found) < len(numbers):
            reason = "hung" if ended.code is None else f"ended the process with {ended.code}: {ended.said[-500:]}"
            readings.append(Reading(len(readings), Outcome.FAILED, reason))
    return readings


def write_damaged(kind: str, number: int, folder: Path) -> None:
    """Write a sample of a kind with its damage into an empty folder."""
    random = Random(f"{kind} {number}")
    (path, *others) = KINDS[kind].write(folder, number % N_SAMPLE)
    path = random.choice([path, *others])
    path.write_bytes(damage(path.read_bytes(), random, is_text=KINDS[kind].is_text))


def _read_all(kind: str, numbers: range, root: Path) -> None:
    _limit_memory()
    signal.signal(signal.SIGALRM, _hang)
    expected: dict[int, list[str]] = {}
    with (root / _RESULTS).open("w") as results:
        for number in numbers:
            sample, folder = number % N_SAMPLE, root / "files"
            if sample not in expected:
                folder.mkdir()
                KINDS[kind].write(folder, sample)
                expected[sample] = KINDS[kind].read(folder)
                if refused := [each for each in expected[sample] if each.startswith(REFUSED)]:
                    raise ValueError(f"the undamaged {kind} is {refused[0]}")
                shutil.rmtree(folder)
            folder.mkdir()
            write_damaged(kind, number, folder)
            results.write(json.dumps(asdict(_judge(kind, number, folder, expected[sample]))) + "\n")
            results.flush()
            shutil.rmtree(folder)


def _judge(kind: str, number: int, folder: Path, expected: list[str]) -> Reading:
    began = time.monotonic()
    signal.alarm(_SECONDS)
    try:
        found = KINDS[kind].read(folder)
    except HungError:
        return Reading(number, Outcome.FAILED, f"takes more than {_SECONDS} s")
    except ParaisiteError as error:
        return Reading(number, Outcome.REFUSED if str(error) else Outcome.FAILED, str(error))
    except BaseException:
        return Reading(number, Outcome.FAILED, traceback.format_exc(limit=-4))
    finally:
        signal.alarm(0)
    if found == expected:
        return Reading(number, Outcome.SAME)
    others = [each for each in found if each not in expected and not each.startswith(REFUSED)]
    if others:
        return Reading(number, *_judge_others(kind, folder, others))
    if REFUSED in found:
        return Reading(number, Outcome.FAILED, "a row has no reason")
    return Reading(number, Outcome.REFUSED, f"{next(iter(found), 'no row')} ({time.monotonic() - began:.1f} s)")


def _judge_others(kind: str, folder: Path, others: list[str]) -> tuple[Outcome, str]:
    """Return what other values are: one that a second reader contradicts is wrong, one that it refuses may be right."""
    if KINDS[kind].is_sealed:
        return Outcome.FAILED, f"another value was not found out: {others[0]}"
    check = KINDS[kind].check
    if check is None:
        return Outcome.OTHER, others[0]
    try:
        expected = check(folder)
    except Exception:
        return Outcome.OTHER, others[0]
    if wrong := [each for each in others if each not in expected]:
        return Outcome.FAILED, f"another reader finds {expected}, not {wrong[0]}"
    return Outcome.CONFIRMED, others[0]


def _limit_memory() -> None:
    status = Path("/proc/self/status").read_text()
    used = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize"))
    resource.setrlimit(resource.RLIMIT_AS, (1024 * used + _MORE_BYTES,) * 2)


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise HungError
