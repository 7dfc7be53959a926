"""Materials that are in a data set because of their label, such as a test set of low conductivities.

Such rows carry true labels, and may be trained on. But an error that is measured on them is that of a sample that no
one will meet: among crystals that look alike those with the lowest labels were taken, so that a model without any fault
seems to overestimate them. Therefore

- no held-out part of a split has any of them, nor does a mean, an interval or an epoch that is chosen by errors: splits
  leave them out (``splits``, ``nested_splits``), and a prediction of them out of fold is not measured;
- a fit that takes all rows sees too many of them. ``compute_sample_weights`` are the weights with which the rows stand
  for the sample without the selection; networks and the models of ``models.tabular`` use them, Gaussian processes not.
"""

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats, Ints
from paraisite.errors import DataError


def compute_sample_weights(label: Floats, selected: npt.NDArray[np.bool_]) -> Floats:
    """Return the weight of each row with which the labels are distributed as without the selection, [n_row].

    Rows were selected by a range of labels. Within it selected and other rows are alike, and together they weigh as
    much as the others alone: the weight is their share, the inverse of how many times too likely a row of such a label
    is to be in the table. Outside the range, and everywhere where no row was selected, the weight is 1.

    Args:
        label: [n_row].
        selected: Which rows were selected by their label, [n_row].

    Raises:
        DataError: No row that was not selected has such a label, so that nothing tells how common it is.
    """
    weights = np.ones(len(label))
    if not selected.any():
        return weights
    inside = (label[selected].min() <= label) & (label <= label[selected].max())
    n_other = int(np.sum(inside & ~selected))
    if not n_other:
        raise DataError(
            f"all rows with labels from {label[selected].min():g} to {label[selected].max():g} were selected by them: "
            "how common such labels are is not known"
        )
    weights[inside] = n_other / np.sum(inside)
    return weights


def add_selected_rows(
    train: Ints, held_out: Ints, *, selected: npt.NDArray[np.bool_], groups: npt.NDArray[np.str_]
) -> Ints:
    """Return the training rows and all selected rows of which no group is held out.

    Args:
        train: Training rows, none of them selected.
        held_out: Rows that validate or test, none of them selected.
        selected: Which rows were selected by their label, [n_row].
        groups: Group of each row, [n_row].
    """
    others = np.flatnonzero(selected & ~np.isin(groups, groups[held_out]))
    return np.concatenate([train, others]).astype(np.int64) if len(others) else train


def refuse_selected_rows(rows: Ints, selected: npt.NDArray[np.bool_], *, what: str) -> None:
    """Do nothing if none of the rows was selected by its label.

    Args:
        rows: Row numbers on which an error is to be measured.
        selected: Which rows were selected by their label, [n_row].
        what: Holds the rows, for people.

    Raises:
        DataError: Some were.
    """
    if n_selected := int(np.sum(selected[rows])):
        raise DataError(
            f"{what} holds {n_selected} rows that were selected by their label, expected none: no error is measured on "
            "them"
        )
