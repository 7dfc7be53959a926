"""Columns and file of what transfer was measured to be worth: apart, as who reads them needs no TensorFlow."""

from typing import Final

from paraisite import schema

PROTOCOL: Final = "protocol"
START: Final = "start"
N_LABEL: Final = "n_label"
TRAINING: Final = "training"
"""Number of the training, from 1: another new head, and the rows in another order."""
ERROR: Final = schema.LN_RATIO
LABELS_NEEDED: Final = "labels_needed"
TIMES_FEWER: Final = "times_fewer_labels"

N_TRAINING: Final = 3
"""Trainings of each network on each split."""

SCORES_FILE: Final = "scores.csv"
"""What ``transfer.average_trainings`` returns is kept in."""
