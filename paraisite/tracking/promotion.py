"""Whether a new model version replaces the one in production: a rule on numbers, without the store.

The rule compares ``mape_last_epoch`` split by split. The best-epoch value is no judge: it is the minimum of a noisy
curve over the very rows that it is measured on, so a training that only fluctuates more, or longer, would win. Since
the file holds the best epochs' weights, their mean MAPE must not be higher either.
"""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.metrics.paired_tests import PairedComparison, compare_paired
from paraisite.training.recipe_result import RecipeResult

logger = logging.getLogger(__name__)

Stage = Literal["Production", "Staging"]
JUDGED_METRIC: Final = schema.MAPE_LAST_EPOCH
SIGNIFICANCE: Final = 0.05
_DATA_DIGEST: Final = "data_digest"
SHOWN_DIGEST_LENGTH: Final = 12
"""Digits of a digest in a tag, which pages show in full; the whole one is among the artifacts."""
EVIDENCE: Final = "evidence"
"""Tag of a version with its errors per split, or with the path of the artifact that holds them."""

EVIDENCE_TAGS: Final = (_DATA_DIGEST, EVIDENCE)
"""Tags of a version that ``evidence_tags`` makes."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for a version.

    Attributes:
        data_digest: Digest of the data set that it was trained on.
        splits_digest: Digest of its splits.
        judged: ``mape_last_epoch`` of each split (index split_seed).
        means: Mean of each metric over the splits on which it is finite.
        n_validation_over_n_train: Rows held out per row trained on.
    """

    data_digest: str
    splits_digest: str
    judged: pd.Series
    means: dict[str, float]
    n_validation_over_n_train: float

    @classmethod
    def from_result(cls, result: RecipeResult) -> "Evidence":
        """Collect it from a finished recipe."""
        split = result.splits[0]
        means = summarise_metrics(result.metrics)["mean"].to_dict()
        return cls(
            data_digest=result.dataset.digest,
            splits_digest=result.splits_digest,
            judged=result.metrics[JUDGED_METRIC],
            means={str(name): float(value) for name, value in means.items()},
            n_validation_over_n_train=len(split.validation) / len(split.train),
        )


@dataclass(frozen=True)
class Verdict:
    """The stage that a version gets, and a sentence that says why."""

    stage: Stage
    reason: str


def judge(candidate: Evidence | None, *, current: Evidence | None, current_version: str | None) -> Verdict:
    """Decide a new version's stage.

    Args:
        candidate: What speaks for the new version; None if nothing is known.
        current: The same of the version in production.
        current_version: Number of the version in production; None if there is none.
    """
    if candidate is not None and (diverged := candidate.judged[~np.isfinite(candidate.judged)].index.tolist()):
        return Verdict("Staging", f"diverged in split {', '.join(map(str, diverged))}")
    if current_version is None:
        return Verdict("Production", "first version")
    if candidate is None or current is None:
        which = "this version" if candidate is None else f"version {current_version}"
        return Verdict("Staging", f"cannot be compared with version {current_version}: no values per split of {which}")
    if candidate.data_digest != current.data_digest:
        return Verdict("Staging", f"cannot be compared with version {current_version}: trained on other data")
    if candidate.splits_digest != current.splits_digest:
        return Verdict("Staging", f"cannot be compared with version {current_version}: evaluated on other splits")
    return _compare(candidate, current, current_version)


def _compare(candidate: Evidence, current: Evidence, current_version: str) -> Verdict:
    n_common = int(np.isfinite(current.judged).sum())
    if n_common < 2:
        return Verdict("Production", f"version {current_version} diverged in all but {n_common} splits")
    comparison = compare_paired(
        candidate.judged, current.judged, n_test_over_n_train=candidate.n_validation_over_n_train
    )
    better = comparison.mean_difference < 0 and comparison.p_lower < SIGNIFICANCE
    weights, current_weights = candidate.means[schema.MAPE_BEST_EPOCH], current.means[schema.MAPE_BEST_EPOCH]
    if better and weights > current_weights:
        return Verdict(
            "Staging",
            f"{_sentence(comparison, current_version)}, but {schema.MAPE_BEST_EPOCH} is higher: "
            f"{weights:.3f} against {current_weights:.3f}",
        )
    verb = "better than" if better else "not better than"
    return Verdict(
        "Production" if better else "Staging",
        f"{verb} version {current_version}: {_sentence(comparison, current_version)}",
    )


def _sentence(comparison: PairedComparison, current_version: str) -> str:
    return (
        f"{JUDGED_METRIC} differs by {comparison.mean_difference:+.3f} from version {current_version}'s, "
        f"paired over {comparison.n_pair} splits, one-sided p = {comparison.p_lower:.2g} "
        f"(corrected resampled t-test, {SIGNIFICANCE} needed), effect size {comparison.effect_size:+.2f}"
    )


def evidence_tags(evidence: Evidence) -> dict[str, str]:
    """Return the tags of a version that ``evidence_from_tags`` reads: few, since the UI shows all of them."""
    judged = {str(seed): value if math.isfinite(value) else None for seed, value in evidence.judged.items()}
    facts = {
        _DATA_DIGEST: evidence.data_digest,
        "splits_digest": evidence.splits_digest,
        "n_validation_over_n_train": evidence.n_validation_over_n_train,
        f"{JUDGED_METRIC}_by_split": judged,
        "means": {name: value if math.isfinite(value) else None for name, value in evidence.means.items()},
    }
    return {_DATA_DIGEST: evidence.data_digest[:SHOWN_DIGEST_LENGTH], EVIDENCE: json.dumps(facts)}


def evidence_from_tags(tags: Mapping[str, str]) -> Evidence | None:
    """Read a version's tags; None for a version that was registered from a file, without values per split."""
    try:
        facts = json.loads(tags[EVIDENCE])
        return Evidence(
            # Up to version 0.2 the tag held the whole digest, and nothing else did.
            data_digest=facts.get(_DATA_DIGEST) or tags[_DATA_DIGEST],
            splits_digest=facts["splits_digest"],
            judged=pd.Series(
                {int(seed): value for seed, value in facts[f"{JUDGED_METRIC}_by_split"].items()}, dtype=float
            ),
            means={name: math.nan if value is None else value for name, value in facts["means"].items()},
            n_validation_over_n_train=facts["n_validation_over_n_train"],
        )
    except (KeyError, ValueError, TypeError) as error:
        logger.debug("no values per split: %r", error)
        return None
