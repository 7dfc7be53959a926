"""The table of the project's models and others'."""

import pandas as pd

from paraisite.reports.leaderboard import tabulate_leaderboard

PROTOCOLS = pd.DataFrame(
    {
        "model": ["GP mixture", "GP mixture", "RWTG15", "not listed"],
        "protocol": ["honest", "grouped", "grouped", "honest"],
        "metric": ["mape_test"] * 4,
        "mean": [0.3211, 0.4663, 0.6975, 0.1],
        "std": [0.0621, 0.1219, float("nan"), 0.0],
    }
)
KEYS = [("formula", "togo15"), ("formula", "phonix"), ("space-group", "phonix"), ("togo15-honest", "togo15")]
SUMMARY = pd.DataFrame(
    {
        "mape": [0.46, 0.38, 0.44, 0.29],
        "mape_fold_std": [0.06, 0.05, 0.04, 0.08],
        "mean_abs_ln_ratio": [0.42, 0.36, 0.43, 0.28],
        "fold_std": [0.07, 0.03, 0.02, 0.09],
    },
    index=pd.MultiIndex.from_tuples(KEYS, names=["protocol", "data_set"]),
)


def test_rows_hold_what_was_measured_and_what_was_published() -> None:
    lines = tabulate_leaderboard(PROTOCOLS, SUMMARY).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    rows = {row[0]: row for row in cells}
    assert rows["GPACCURATE"][3:7] == ["0.290 ± 0.080", "0.460 ± 0.060", "0.360 ± 0.030", "0.430 ± 0.020"]
    assert rows["GP mixture"][3:5] == ["0.321 ± 0.062", "0.466 ± 0.122"]
    assert rows["RWTG15"][3:5] == ["–", "0.698"]
    assert "not listed" not in rows
    assert "FELABTG15" not in rows  # it was not evaluated
    assert rows["Nequix-MP-PFT"][7:] == ["0.136", "minutes", "MIT, weights CC BY 4.0", "published [2]"]
    assert len({len(row) for row in rows.values()}) == 1
