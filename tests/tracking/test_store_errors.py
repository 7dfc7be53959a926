"""What stores say, as sentences."""

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from paraisite.errors import TrackingError
from paraisite.tracking.store_errors import describe_store_failure, store_errors_as_sentences

URI = "https://maria:tr0ub4dor@store.example"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("API request to endpoint /api failed with error code 401 != 200.", "refuses user and password"),
        ("Permission denied", "does not let this user do that"),
        ("API request failed with exception HTTPSConnectionPool: Max retries exceeded", "cannot be reached"),
        ("(sqlite3.DatabaseError) file is not a database", "is damaged or no MLflow database"),
        ("Detected out-of-date database schema (found version a, but expected b)", "another version of MLflow"),
        ("(sqlite3.OperationalError) table _alembic_tmp_tags already exists", "was left half made"),
        ("Registered Model (name=A) already exists.", "failed"),
        ("attempt to write a readonly database", "is read-only"),
        ("database or disk is full", "no space left"),
        ("something else", "failed (something else)"),
    ],
)
def test_each_kind_says_what_to_do(said: str, sentence: str) -> None:
    found = describe_store_failure(URI, MlflowException(said))
    assert sentence in found
    assert found.startswith("the experiment store https://***@store.example ")


def test_a_sentence_is_one_line_of_bounded_length() -> None:
    found = describe_store_failure(URI, MlflowException("first\n" + 10_000 * "x"))
    assert "\n" not in found
    assert len(found) < 500


def test_errors_of_databases_are_turned_and_others_pass() -> None:
    with (
        pytest.raises(TrackingError, match=r"is locked .*\(.*database is locked\)$"),
        store_errors_as_sentences("sqlite:///a.db"),
    ):
        raise OperationalError("INSERT", {}, Exception("database is locked"))
    with pytest.raises(ZeroDivisionError), store_errors_as_sentences("sqlite:///a.db"):
        raise ZeroDivisionError
