"""Columns and file of what transfer was measured to be worth: apart, as who reads them needs no TensorFlow."""

from typing import Final

from paraisite import schema

PROTOCOL: Final = "protocol"
START: Final = "start"
N_LABEL: Final = "n_label"
ERROR: Final = schema.LN_RATIO
LABELS_NEEDED: Final = "labels_needed"
TIMES_FEWER: Final = "times_fewer_labels"

SCORES_FILE: Final = "scores.csv"
"""What ``transfer.score_splits`` returns is kept in."""
