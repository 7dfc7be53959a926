"""Why a run failed, as its page shows it."""

import errno

import pytest
from mlflow.exceptions import MlflowException

from paraisite.errors import DataError
from paraisite.tracking.run_descriptions import add_ending, describe_failure


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            DataError("no usable material: 12 rows\nwere rejected"),
            "**Failed:** no usable material: 12 rows were rejected",
        ),
        (ValueError("3 is odd"), "**Failed:** ValueError: 3 is odd"),
        (MemoryError(), "**Failed:** MemoryError"),
        (KeyboardInterrupt(), "**Interrupted** from the keyboard."),
        (
            MlflowException("sqlite:///x is locked"),
            "**Failed:** the experiment store did not take what was to be logged.",
        ),
        (DataError("<b>[a](http://x)"), r"**Failed:** \<b\>\[a\]"),
    ],
)
def test_a_failure_is_one_sentence(error: BaseException, shown: str) -> None:
    assert describe_failure(error).startswith(shown)
    assert "\n" not in describe_failure(error)


def test_a_full_disk_is_told_as_on_the_terminal() -> None:
    assert "Errno" not in describe_failure(OSError(errno.ENOSPC, "No space left on device", "table.csv"))


def test_a_failure_tells_no_secret_and_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_API_KEY", "0123456789abcdef")
    assert "0123456789abcdef" not in describe_failure(ValueError("refused key 0123456789abcdef"))
    assert len(describe_failure(ValueError("long " * 1000))) < 500


def test_an_ending_stands_behind_what_the_run_holds() -> None:
    assert add_ending("Networks.", "**Failed:** no.") == "Networks.\n\n**Failed:** no."
    assert add_ending(None, "**Failed:** no.") == "**Failed:** no."
