"""A small study and its results, for tests."""

from pathlib import Path

from optuna import Study

from paraisite.config import FineTuning
from paraisite.tuning.objective import OF_SPLITS
from paraisite.tuning.space import suggest_settings
from paraisite.tuning.study import open_storage, open_study

ABOUT = {"recipe": "FELABTG15", "epochs": 30, "sampler": "tpe", "pruning": "none"}
IN_USE = FineTuning(epochs=60, batch_size=8, learning_rate_period_epochs=60)


def study_in(folder: Path, name: str = "one", **changes: str) -> Study:
    return open_study(name, open_storage(None, folder), about=ABOUT | changes)


def run_again(study: Study, values: list[tuple[float, float]]) -> None:
    """Give the next trials these errors on both splits."""
    for first, second in values:
        trial = study.ask()
        suggest_settings(trial, epochs=30)
        trial.set_user_attr(OF_SPLITS, {"1": first, "2": second})
        study.tell(trial, (first + second) / 2)
