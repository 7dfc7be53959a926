"""A version's tags, alias and stage: whatever is interrupted is completed by whoever looks next."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from paraisite.tracking.promotion import Evidence, evidence_tags
from paraisite.tracking.registry import REASON_TAG
from paraisite.tracking.stages import (
    PENDING_TAG,
    UNDECIDED,
    current_version,
    list_versions,
    registry_locked,
    settle_versions,
    version_of_alias,
)
from tests.synthetic_result import make_result

GOOD = Evidence.from_result(make_result(n_row=60, n_epoch=3, log10_error=0.2))
NAME = "GPTG15"
CHANGES = (
    "set_model_version_tag",
    "update_model_version",
    "set_registered_model_alias",
    "transition_model_version_stage",
    "set_tag",
    "delete_model_version_tag",
)
"""Calls of a client that change the registry while a version gets its stage."""


class Killed(BaseException):
    """Stands for the end of the process."""


def create(client: MlflowClient, *, error: float = 1.0) -> str:
    """Create a version as a registration does, up to the moment from which its stage is given.

    Args:
        client: Of the store.
        error: The version's errors, in units of those of ``GOOD``.
    """
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    experiment = client.get_experiment_by_name("Default")
    assert experiment is not None
    run = client.create_run(experiment.experiment_id)
    means = {name: error * value for name, value in GOOD.means.items()}
    noise = np.linspace(0.99, 1.01, len(GOOD.judged))
    found = dataclasses.replace(GOOD, judged=GOOD.judged * error * noise, means=means)
    tags = evidence_tags(found) | {PENDING_TAG: UNDECIDED}
    version = client.create_model_version(NAME, source="somewhere", run_id=run.info.run_id, tags=tags, description="A.")
    return str(version.version)


def settled(client: MlflowClient) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return stage and aliases of every version; none may still wait for them."""
    versions = list_versions(client, NAME)
    assert not [version.version for version in versions if PENDING_TAG in version.tags]
    assert all(REASON_TAG in version.tags for version in versions)
    return {str(each.version): (each.current_stage, tuple(each.aliases)) for each in versions}


@contextmanager
def killed_after(n_change: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let a process die once it has changed the registry so many times; yields the changes that were made."""
    made: list[str] = []

    def guard(name: str) -> Callable[..., object]:
        original = getattr(MlflowClient, name)

        def call(*arguments: object, **options: object) -> object:
            if len(made) == n_change:
                raise Killed
            made.append(name)
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(MlflowClient, name, guard(name))
        yield made


def count_changes(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> int:
    with killed_after(10_000, monkeypatch) as made:
        settle_versions(client, NAME)
    return len(made)


def test_a_registration_killed_anywhere_is_completed_by_the_next_look(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between stage and alias, a version in production had no alias, and `@champion` never came back."""
    create(client)
    n_change = count_changes(client, monkeypatch)
    assert n_change == len(CHANGES) + 1
    for point in range(n_change + 1):  # the version before is archived, too
        number = create(client, error=0.5**point)
        with killed_after(point, monkeypatch), pytest.raises(Killed):
            settle_versions(client, NAME)
        assert str(version_of_alias(client, NAME, "champion").version) in (number, str(int(number) - 1))
        found = settled(client)
        champions = [key for key, (stage, aliases) in found.items() if stage == "Production" and "champion" in aliases]
        assert len(champions) == 1
        assert [key for key, (stage, _) in found.items() if stage == "Production"] == champions
        version = client.get_model_version(NAME, number)
        assert version.description == f"A. Stage: {version.tags[REASON_TAG]}."
        assert client.get_run(version.run_id).data.tags["registered_as"].startswith(f"{NAME} version {number} (")


def test_the_next_registration_completes_the_one_before(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    create(client)
    with killed_after(3, monkeypatch) as made, pytest.raises(Killed):
        settle_versions(client, NAME)
    assert made[-1] == "set_model_version_tag"  # decided, and nothing of it carried out
    create(client, error=0.5)
    settle_versions(client, NAME)
    assert settled(client) == {"1": ("Archived", ()), "2": ("Production", ("champion",))}


def test_the_version_before_is_archived_on_postgresql_too(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's own archiving compares a number with a text, at which PostgreSQL ends with an error."""
    original = MlflowClient.transition_model_version_stage

    def refuse(*arguments: object, archive_existing_versions: bool = False, **options: object) -> object:
        if archive_existing_versions:
            raise MlflowException("operator does not exist: integer <> character varying")
        return original(*arguments, **options)

    monkeypatch.setattr(MlflowClient, "transition_model_version_stage", refuse)
    for error in (1.0, 0.5):
        create(client, error=error)
        settle_versions(client, NAME)
    assert settled(client) == {"1": ("Archived", ()), "2": ("Production", ("champion",))}


def test_a_version_in_production_without_alias_gets_it_back(client: MlflowClient) -> None:
    """As versions before 0.2 left it behind when they were killed."""
    create(client)
    settle_versions(client, NAME)
    client.delete_registered_model_alias(NAME, "champion")
    assert str(version_of_alias(client, NAME, "champion").version) == "1"


def test_moving_the_alias_by_hand_is_a_rollback(client: MlflowClient) -> None:
    for error in (1.0, 0.5):
        create(client, error=error)
        settle_versions(client, NAME)
    assert settled(client)["2"] == ("Production", ("champion",))
    client.set_registered_model_alias(NAME, "champion", "1")
    found = current_version(client, NAME, "Production")
    assert found is not None
    assert str(found.version) == "1"
    assert settled(client) == {"1": ("Production", ("champion",)), "2": ("Archived", ())}


def test_a_challenger_that_is_made_the_champion_by_hand_challenges_no_longer(client: MlflowClient) -> None:
    """It kept both aliases, and when the next version replaced it, it was archived and the challenger."""
    for error in (1.0, 1.1, 1.2):
        create(client, error=error)
        settle_versions(client, NAME)
    assert settled(client)["3"] == ("Staging", ("challenger",))
    client.set_registered_model_alias(NAME, "champion", "3")
    found = current_version(client, NAME, "Production")
    assert found is not None
    assert str(found.version) == "3"
    expected = {"1": ("Archived", ()), "2": ("Staging", ("challenger",)), "3": ("Production", ("champion",))}
    assert settled(client) == expected
    create(client, error=0.5)
    settle_versions(client, NAME)
    assert settled(client) == expected | {"3": ("Archived", ()), "4": ("Production", ("champion",))}


def test_a_reader_who_may_not_write_sees_what_is_there(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    create(client)
    settle_versions(client, NAME)
    create(client, error=0.5)

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("Permission denied")

    for name in CHANGES:
        monkeypatch.setattr(MlflowClient, name, refuse)
    found = current_version(client, NAME, "Production")
    assert found is not None
    assert str(found.version) == "1"


def test_of_two_first_registrations_at_once_one_is_champion(client: MlflowClient) -> None:
    client.create_registered_model(NAME)
    together = threading.Barrier(2)

    def register() -> None:
        together.wait()
        with registry_locked():
            create(client)
            settle_versions(client, NAME)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(register) for _ in range(2)]:
            future.result()
    assert settled(client) == {"1": ("Production", ("champion",)), "2": ("Staging", ("challenger",))}
    reason = client.get_model_version(NAME, "2").tags[REASON_TAG]
    assert "not better than version 1" in reason
