"""Stages and aliases of a registered model's versions: given together, or completed by whoever looks next.

The registry has no call that changes tags, alias and stage at once. So a version is created with a tag that says that
its stage is still to be given, ``settle_versions`` gives it in steps that can be repeated, and the tag is removed last.
Whoever registers or fetches afterwards repeats them for a version whose process was killed on the way.

Of alias and stage the alias counts: moving ``champion`` by hand is a rollback, and the stages follow.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from paraisite.tracking.evidence_files import read_evidence
from paraisite.tracking.promotion import Stage, Verdict, judge
from paraisite.tracking.store import store_uri
from paraisite.tracking.store_locks import store_locked

logger = logging.getLogger(__name__)

ALIASES: Final[dict[Stage, str]] = {"Production": "champion", "Staging": "challenger"}
PENDING_TAG: Final = "stage_pending"
"""Tag of a version whose stage is not given yet: ``UNDECIDED``, or the stage once it is decided."""

UNDECIDED: Final = "undecided"
REASON_TAG: Final = "stage_reason"
_REGISTRATION: Final = "registration"


@contextmanager
def registry_locked() -> Iterator[None]:
    """Let one process at a time register in the store in use, so that each version is judged against the last."""
    with store_locked(store_uri(), _REGISTRATION):
        yield


def current_version(client: MlflowClient, name: str, stage: Stage) -> ModelVersion | None:
    """Return the version with the stage's alias, else the newest of that stage (set by hand), else None.

    What a killed process left half done is completed first, where this user may write.
    """
    versions = list_versions(client, name)
    if _is_incomplete(versions):
        versions = _settle_if_allowed(client, name) or versions
    return find_version(versions, stage)


def version_of_alias(client: MlflowClient, name: str, alias: str) -> ModelVersion:
    """Return the version with an alias, after what a killed process left half done is completed.

    Raises:
        MlflowException: There is none.
    """
    if alias in ALIASES.values() and _is_incomplete(list_versions(client, name)):
        _settle_if_allowed(client, name)
    return client.get_model_version_by_alias(name, alias)


def list_versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """Return all versions, newest first, each with its aliases: a search alone leaves them out."""
    versions = list(client.search_model_versions(f"name = '{name}'", max_results=10_000))
    aliases = client.get_registered_model(name).aliases if versions else {}
    for version in versions:
        version.aliases = [alias for alias, number in aliases.items() if int(number) == _number(version)]
    return sorted(versions, key=_number, reverse=True)


def find_version(versions: Sequence[ModelVersion], stage: Stage) -> ModelVersion | None:
    """Return the version with the stage's alias, else the newest of that stage, else None."""
    aliased = [version for version in versions if ALIASES[stage] in version.aliases]
    staged = [version for version in versions if version.current_stage == stage]
    return next(iter(aliased + staged), None)


def settle_versions(client: MlflowClient, name: str) -> None:
    """Give every version that waits for it its stage, oldest first; let stages follow aliases moved by hand.

    To be called while the registry is locked.
    """
    for version in reversed(list_versions(client, name)):
        if PENDING_TAG in version.tags:
            _settle(client, version)
    _mend(client, name)


def _settle(client: MlflowClient, version: ModelVersion) -> None:
    """Decide, write the decision down, carry it out; each step can be repeated."""
    name, number = version.name, str(version.version)
    stage = version.tags[PENDING_TAG]
    if stage not in ALIASES:
        verdict = _judge(client, version)
        client.set_model_version_tag(name, number, REASON_TAG, verdict.reason)
        description = (version.description or "").partition(" Stage: ")[0]
        client.update_model_version(name, number, f"{description} Stage: {verdict.reason}.".strip())
        client.set_model_version_tag(name, number, PENDING_TAG, stage := verdict.stage)
        logger.info("%s version %s is %s: %s", name, number, verdict.stage, verdict.reason)
    given: Stage = stage
    holder = next((each for each in list_versions(client, name) if ALIASES[given] in each.aliases), None)
    if holder is None or _number(holder) <= _number(version):
        client.set_registered_model_alias(name, ALIASES[given], number)
        _transition(client, version, given)
    else:  # a newer one was given the alias meanwhile
        _transition(client, version, "Archived" if given == "Production" else given)
    if version.run_id:
        client.set_tag(version.run_id, "registered_as", f"{name} version {number} ({given})")
    client.delete_model_version_tag(name, number, PENDING_TAG)


def _judge(client: MlflowClient, version: ModelVersion) -> Verdict:
    others = [each for each in list_versions(client, version.name) if PENDING_TAG not in each.tags]
    champion = find_version(others, "Production")
    return judge(
        read_evidence(version),
        current=None if champion is None else read_evidence(champion),
        current_version=None if champion is None else str(champion.version),
    )


def _mend(client: MlflowClient, name: str) -> None:
    """Give a stage's version the alias that it lacks, and the alias's version the stage; a champion challenges none."""
    if any(_has_both_aliases(version) for version in list_versions(client, name)):
        client.delete_registered_model_alias(name, ALIASES["Staging"])
    for stage, alias in ALIASES.items():
        versions = list_versions(client, name)
        version = find_version(versions, stage)
        if version is None:
            continue
        if alias not in version.aliases:
            client.set_registered_model_alias(name, alias, str(version.version))
        is_staged = version.current_stage == stage
        if not is_staged or (stage == "Production" and len(_staged(versions, stage)) > 1):
            _transition(client, version, stage)


def _transition(client: MlflowClient, version: ModelVersion, stage: str) -> None:
    """Set a stage; a new Production version sends the old ones to Archived."""
    _set_stage(client, version, stage)
    if stage == "Production":
        # Not by MLflow's archive_existing_versions: it compares the numbers with a text, which PostgreSQL refuses.
        for other in _staged(list_versions(client, version.name), "Production"):
            if other.version != version.version:
                _set_stage(client, other, "Archived")


def _set_stage(client: MlflowClient, version: ModelVersion, stage: str) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"``mlflow\.tracking\.client\.MlflowClient\.transition", category=FutureWarning
        )
        client.transition_model_version_stage(version.name, str(version.version), stage=stage)


def _is_incomplete(versions: Sequence[ModelVersion]) -> bool:
    """Return whether a version waits for its stage, lacks the alias of its stage, or the stage of its alias."""
    champion = find_version(versions, "Production")
    if any(PENDING_TAG in version.tags or _has_both_aliases(version) for version in versions):
        return True
    if champion is None:
        return False
    return ALIASES["Production"] not in champion.aliases or _staged(versions, "Production") != [champion]


def _has_both_aliases(version: ModelVersion) -> bool:
    """Return whether a challenger was made the champion by hand."""
    return set(ALIASES.values()) <= set(version.aliases)


def _settle_if_allowed(client: MlflowClient, name: str) -> list[ModelVersion] | None:
    """Complete what was left half done and return the versions; None where this user may not write."""
    try:
        with registry_locked():
            settle_versions(client, name)
        return list_versions(client, name)
    except MlflowException as error:
        logger.debug("%s: a registration is incomplete and cannot be completed here: %s", name, error)
        return None


def _staged(versions: Sequence[ModelVersion], stage: Stage) -> list[ModelVersion]:
    return [version for version in versions if version.current_stage == stage]


def _number(version: ModelVersion) -> int:
    return int(version.version)
