"""A study's figures and its table of best trials."""

import optuna
import pandas as pd

from paraisite.reports.study import study_figures, study_table
from paraisite.tuning.objective import INNER_MAPE


def make_study(n_trial: int) -> optuna.Study:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(n_trial):
        trial = study.ask()
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        trial.suggest_categorical("loss", ("percentage", "mixture"))
        study.tell(trial, rate + 0.1 * number)
    return study


def test_figures_are_drawn_once_two_trials_differ() -> None:
    assert study_figures(make_study(1)) == {}
    figures = study_figures(make_study(6))
    assert set(figures) == {"history", "importance", "slice", "parallel_coordinate"}
    history = figures["history"].axes[0]
    assert history.get_ylabel() == INNER_MAPE
    assert len(history.collections[0].get_offsets()) == 6
    assert len(figures["slice"].axes) >= 2


def test_the_table_begins_with_the_best_finished_trial() -> None:
    trials = pd.DataFrame(
        {"state": ["complete", "pruned", "complete"], INNER_MAPE: [0.51234, 0.1, 0.4], "loss": ["mixture"] * 3},
        index=pd.Index([0, 1, 2], name="trial"),
    )
    table = study_table(trials)
    assert table.index.tolist() == [2, 0]
    assert table[INNER_MAPE].tolist() == ["0.4", "0.512"]
    assert table["settings"].tolist() == ["loss mixture"] * 2
