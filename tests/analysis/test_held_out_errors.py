"""Errors by kind of crystal: enough rows of each, none that its label selected, the worst first."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from paraisite import schema
from paraisite.analysis.held_out_accurate import LOW_KAPPA
from paraisite.analysis.held_out_errors import KAPPA_RANGE, summarise_kinds
from paraisite.reports.cross_validation import tabulate_kinds


def held_out(
    n: int, *, chemistry: str, inside: int, data_set: str = "phonix", protocol: str = "formula"
) -> pd.DataFrame:
    """Return predictions by a factor of 1.5 too low, some with the known value in the intervals."""
    ends = {}
    for coverage in schema.COVERAGES:
        low, high = schema.interval_columns(coverage)
        ends |= {low: 1.0, high: np.where(np.arange(n) < inside, 4.0, 2.5)}
    return pd.DataFrame(
        {
            "protocol": protocol,
            "fold": np.arange(n) % 2,
            "data_set": data_set,
            schema.MATERIAL_ID: [f"{chemistry}-{data_set}-{number}" for number in range(n)],
            schema.FORMULA: "AgF",
            schema.CHEMISTRY: chemistry,
            schema.CRYSTAL_SYSTEM: "cubic",
            schema.PROTOTYPE: "AB_cF8_225_a_b",
            schema.KAPPA: 3.0,
            schema.PREDICTED_MEDIAN_KAPPA: 2.0,
            "constant_w_per_m_k": 1.0,
            "n_training_rows_of_formula": 0,
            "n_training_rows_of_formula_elsewhere": 0,
            "n_correcting_rows_of_formula": 0,
            schema.OUT_OF_DOMAIN: 0.5,
            schema.OUT_OF_DOMAIN_FLAG: False,
        }
        | ends
    )


def test_kinds_are_listed_with_their_share_in_the_intervals_the_worst_first() -> None:
    predictions = pd.concat(
        [
            held_out(20, chemistry="oxides", inside=18),
            held_out(12, chemistry="carbides", inside=6),
            held_out(9, chemistry="elements", inside=0),
            held_out(30, chemistry="oxides", inside=0, data_set=LOW_KAPPA),
        ]
    )
    kinds = summarise_kinds(predictions)
    selected = kinds[kinds["selected_by_label"] & (kinds["division"] == schema.CHEMISTRY)]
    assert selected[["kind", "n", "coverage_90%"]].to_numpy().tolist() == [["oxides", 30, 0.0]]
    kinds = kinds[~kinds["selected_by_label"]]
    of_chemistry = kinds[kinds["division"] == schema.CHEMISTRY]
    assert of_chemistry["kind"].tolist() == ["carbides", "oxides"]
    assert of_chemistry["n"].tolist() == [12, 20]
    assert of_chemistry["coverage_90%"].tolist() == [0.5, 0.9]
    assert of_chemistry["bias_ln"].tolist() == pytest.approx([np.log(2 / 3)] * 2)
    assert of_chemistry["chance_of_so_few_in_90"].tolist() == pytest.approx(binom.cdf([6, 18], [12, 20], 0.9))
    assert kinds[kinds["division"] == schema.CRYSTAL_SYSTEM]["n"].tolist() == [41]
    shown = tabulate_kinds(kinds)
    assert shown.startswith("## Held out by formula\n\n| chemistry |")
    assert "| carbides | AgF | 12 | 0.41 | -0.41 | 100% | 50% | 50% | 50% | 0.00054 |" in shown


def test_errors_are_told_by_the_size_of_the_conductivity_the_lowest_first() -> None:
    low, high = held_out(12, chemistry="oxides", inside=6), held_out(15, chemistry="carbides", inside=15)
    predictions = pd.concat([high.assign(**{schema.KAPPA: 300.0}), low.assign(**{schema.KAPPA: 0.3})])
    kinds = summarise_kinds(predictions)
    ranges = kinds[kinds["division"] == KAPPA_RANGE]
    assert ranges["kind"].tolist() == ["below 0.3", "above 100"]
    assert ranges["n"].tolist() == [12, 15]
    assert ranges["bias_ln"].tolist() == pytest.approx([np.log(2 / 0.3), np.log(2 / 300)])
    assert "| kappa (W/m/K) |" in tabulate_kinds(kinds)


def test_rows_that_are_tested_several_times_are_not_taken_for_as_many_crystals() -> None:
    once = held_out(12, chemistry="oxides", inside=12)
    twice = held_out(12, chemistry="oxides", inside=12, protocol="togo15-honest")
    kinds = summarise_kinds(pd.concat([once, twice, twice]))
    assert set(kinds["protocol"]) == {"formula"}
