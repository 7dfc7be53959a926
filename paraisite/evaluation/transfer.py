"""What earlier stages of training are worth: errors on held-out crystals against the number of accurate labels.

Networks that start from different weights are fine-tuned on the same rows, nested subsets of a split's training part,
and measured on the same held-out rows. Those share no formula with anything that any of the networks was trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.arrays import Bools, Floats, Ints
from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.transfer_columns import (
    ERROR,
    LABELS_NEEDED,
    N_LABEL,
    PROTOCOL,
    START,
    TIMES_FEWER,
    TRAINING,
)
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.metrics.kappa_errors import compute_spearman
from paraisite.metrics.paired_tests import PairedComparison, compare_paired, correct_by_holm
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.models.target_scaler import Standardiser
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.engine import fit
from paraisite.training.initial_parameters import stack
from paraisite.training.loss import Objective

SIZES: Final = (50, 100, 200, 400)
"""Numbers of accurate labels, besides all of a split's training part."""

_PASSES: Final = 8_000
"""Training rows that a member sees, those of repeated epochs counted each time."""

_FEWEST_EPOCHS, _MOST_EPOCHS = 25, 100
_BATCH_SIZE, _LARGE_BATCH_SIZE = 16, 32
_LARGE: Final = 800
"""Number of labels from which on batches are large."""

_RATE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class TransferSplit:
    """One split of a data set's rows.

    Attributes:
        protocol: How it was drawn.
        seed: Of the split, of new heads and of the training's order.
        train: Rows to draw labels from, in the order in which they are drawn, int64 [n_train].
        test: Rows that errors are measured on, int64 [n_test].
    """

    protocol: str
    seed: int
    train: Ints
    test: Ints

    @classmethod
    def draw(cls, protocol: str, *, seed: int, train: Ints, test: Ints, seen: Bools) -> "TransferSplit":
        """Shuffle the training rows, and leave those out of the test that an earlier stage has seen.

        Args:
            protocol: How the rows were divided.
            seed: Of the split.
            train: Training rows.
            test: Held-out rows.
            seen: Whether a formula is in the training set of an earlier stage, bool [n_row].
        """
        order = np.random.default_rng(seed).permutation(len(train))
        return cls(protocol, seed, train[order], test[~seen[test]])

    def limited_to(self, n_label: int) -> Split:
        """Return the first rows as a training split; the engine's curves are of one training row and mean nothing."""
        rows = self.train[:n_label]
        return Split(self.seed, rows, rows[:1])


def choose_training(n_label: int, *, seed: int) -> TrainingConfig:
    """Return how a network is fine-tuned on so many labels: to the end of a cosine that falls to nothing.

    The same for all starts. With 200 labels, neither more epochs nor smaller batches, other rates or frozen blocks
    changed any of their errors by more than 0.08, nor their order.

    Args:
        n_label: Training rows.
        seed: Of the order of rows.
    """
    epochs = int(np.clip(round(_PASSES / n_label), _FEWEST_EPOCHS, _MOST_EPOCHS))
    return TrainingConfig(
        epochs=epochs,
        batch_size=_BATCH_SIZE if n_label < _LARGE else _LARGE_BATCH_SIZE,
        learning_rate=_RATE,
        final_learning_rate_fraction=1e-3,
        learning_rate_period_epochs=epochs,
        seed=seed,
    )


def fine_tune_on(
    n_label: int,
    starts: Mapping[str, Sequence[Parameters]],
    splits: Sequence[TransferSplit],
    *,
    dataset: Dataset,
    graphs: GraphCollection,
    model: ModelConfig,
    seed: int,
    training: int = 1,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
) -> pd.DataFrame:
    """Fine-tune from every start on every split, and return the predictions of the test rows.

    What is lowered is the mean absolute error of ln kappa.

    Args:
        n_label: Training rows of each split that are used, at most.
        starts: By name, a member for each split.
        splits: Of the data set.
        dataset: Materials with kappa, all of them with a graph.
        graphs: Their graphs, in the same order.
        model: Architecture of all starts.
        seed: Of the order of rows.
        training: Number of the training, which its predictions are filed under.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.

    Returns:
        One row per start, split and test material; columns protocol, start, n_label, split_seed, training,
        material_id, kappa_w_per_m_k, predicted_kappa_w_per_m_k.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    parts = [split.limited_to(n_label) for split in splits] * len(starts)
    standardiser = Standardiser.fit([np.log(kappa[part.train]) for part in parts])
    trained = fit(
        stack([member for members in starts.values() for member in members]),
        data=TrainingData(graphs, np.log(kappa), model),
        splits=parts,
        scaler=standardiser,
        settings=choose_training(n_label, seed=seed),
        objective=Objective.STANDARDISED_ABSOLUTE,
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
    )
    members = Ensemble(model, standardiser.fold_into(trained.last, model), None, "ln kappa", "ln(W/m/K)")
    ln_kappa = predict(members, graphs)  # [n_member, n_row]
    tables, member = [], 0
    for name in starts:
        for split in splits:
            tables.append(
                tabulate_predictions(
                    name, split, dataset, n_label=n_label, ln_kappa=ln_kappa[member], training=training
                )
            )
            member += 1
    return pd.concat(tables, ignore_index=True)


def tabulate_predictions(
    start: str, split: TransferSplit, dataset: Dataset, *, n_label: int, ln_kappa: Floats, training: int = 1
) -> pd.DataFrame:
    """Return one row per test material, as ``fine_tune_on`` does.

    Args:
        start: What the model started from, or its name.
        split: Whose test rows.
        dataset: Of these rows.
        n_label: Labels that it was given, at most.
        ln_kappa: Predicted ln kappa of all rows, [n_row].
        training: Number of the training.
    """
    rows = dataset.table.iloc[split.test]
    return pd.DataFrame(
        {
            PROTOCOL: split.protocol,
            START: start,
            N_LABEL: min(n_label, len(split.train)),
            schema.SPLIT_SEED: split.seed,
            TRAINING: training,
            schema.MATERIAL_ID: rows[schema.MATERIAL_ID].to_numpy(),
            schema.KAPPA: rows[schema.KAPPA].to_numpy(np.float64),
            schema.PREDICTED_KAPPA: np.exp(ln_kappa[split.test]),
        }
    )


def score_splits(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of each start, number of labels, split and training.

    Args:
        predictions: As ``fine_tune_on`` returns them.

    Returns:
        Columns protocol, start, n_label, split_seed, training, n_test, mean_abs_ln_ratio, spearman.
    """
    keys = [PROTOCOL, START, N_LABEL, schema.SPLIT_SEED, TRAINING]
    lines = []
    for names, rows in predictions.groupby(keys, sort=False):
        known, predicted = rows[schema.KAPPA].to_numpy(), rows[schema.PREDICTED_KAPPA].to_numpy()
        errors = {
            "n_test": len(rows),
            ERROR: float(np.abs(np.log(predicted / known)).mean()),
            "spearman": compute_spearman(known, predicted),
        }
        lines.append(dict(zip(keys, names, strict=True)) | errors)
    return pd.DataFrame(lines)


def average_trainings(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean errors of each split's trainings: they share their rows, so that a split is one observation.

    Args:
        scores: As ``score_splits`` returns them.

    Returns:
        The same columns but the training's.
    """
    keys = [PROTOCOL, START, N_LABEL, schema.SPLIT_SEED]
    return scores.drop(columns=TRAINING).groupby(keys, sort=False).mean().reset_index()


def compare_starts(scores: pd.DataFrame, steps: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Compare each stage with the one before it, at every number of labels, by the corrected resampled t-test.

    The correction is that of the splits, of test rows over the rows that labels are drawn from: few labels of one split
    are hardly ever those of another.

    Args:
        scores: As ``average_trainings`` returns them.
        steps: Pairs of starts: with a stage, and without it.

    Returns:
        Columns protocol, n_label, start, reference, the fields of ``PairedComparison`` for the mean |ln ratio|, and
        ``p_holm``, corrected for all rows of a protocol.
    """
    lines = []
    for (protocol, n_label), some in scores.groupby([PROTOCOL, N_LABEL], sort=False):
        by_start = {name: rows.set_index(schema.SPLIT_SEED)[ERROR] for name, rows in some.groupby(START)}
        ratio = float(some["n_test"].mean() / scores[N_LABEL][scores[PROTOCOL] == protocol].max())
        for with_stage, without in steps:
            if with_stage in by_start and without in by_start and len(by_start[with_stage]) > 1:
                result = compare_paired(by_start[with_stage], by_start[without], n_test_over_n_train=ratio)
                names = {PROTOCOL: protocol, N_LABEL: n_label, START: with_stage, "reference": without}
                lines.append(names | asdict(result))
    columns = [PROTOCOL, N_LABEL, START, "reference", *(field.name for field in fields(PairedComparison))]
    table = pd.DataFrame(lines, columns=columns)
    table["p_holm"] = np.nan
    for _, rows in table.groupby(PROTOCOL):
        table.loc[rows.index, "p_holm"] = correct_by_holm(rows["p_two_sided"].to_numpy(np.float64))
    return table


def summarise_transfer(scores: pd.DataFrame, needed: pd.DataFrame) -> pd.DataFrame:
    """Return each start's error by number of labels, over the splits, beside how many fewer labels it needs.

    Args:
        scores: As ``average_trainings`` returns them.
        needed: As ``count_labels_needed`` returns it.

    Returns:
        Columns protocol, start, n_label, mean and standard deviation of the mean |ln ratio|, labels_needed and
        times_fewer_labels; NaN in the latter two where ``needed`` has none.
    """
    errors = scores.groupby([PROTOCOL, START, N_LABEL], sort=False)[ERROR].agg(["mean", "std"]).reset_index()
    named = errors.rename(columns={"mean": ERROR, "std": f"{ERROR}_std"})
    return named.merge(needed[[PROTOCOL, START, LABELS_NEEDED, TIMES_FEWER]], how="left", on=[PROTOCOL, START])


def count_labels_needed(scores: pd.DataFrame, *, reference: str) -> pd.DataFrame:
    """Return how many labels each start needs for the error that a reference has with the most labels.

    Between sizes the mean error is a line in ln(n_label). A start that never gets there, and one that is better
    already with the fewest labels, has no number (NaN).

    Args:
        scores: As ``average_trainings`` returns them.
        reference: A start, random weights.

    Returns:
        Columns protocol, start, the error to be reached, labels_needed, and times_fewer_labels: the reference's
        number over it.
    """
    lines = []
    for protocol, some in scores.groupby(PROTOCOL, sort=False):
        errors = some.pivot_table(index=N_LABEL, columns=START, values=ERROR)
        if reference not in errors:
            continue
        most, aim = float(errors.index.max()), float(errors[reference].iloc[-1])
        for start in errors.columns.drop(reference):
            needed = _find_crossing(errors.index.to_numpy(np.float64), errors[start].to_numpy(np.float64), aim)
            lines.append(
                {PROTOCOL: protocol, START: start, ERROR: aim, LABELS_NEEDED: needed, TIMES_FEWER: most / needed}
            )
    return pd.DataFrame(lines, columns=[PROTOCOL, START, ERROR, LABELS_NEEDED, TIMES_FEWER])


def _find_crossing(n_label: Floats, error: Floats, aim: float) -> float:
    """Return where a falling error first meets ``aim``, interpolated in ln(n_label); NaN if nowhere."""
    for k in range(1, len(error)):
        if error[k] <= aim < error[k - 1]:
            part = (error[k - 1] - aim) / (error[k - 1] - error[k])
            return float(np.exp(np.log(n_label[k - 1]) + part * np.log(n_label[k] / n_label[k - 1])))
    return float("nan")
