"""Tables and figures of conductivities under a potential."""

import numpy as np
import pandas as pd
import pytest

from paraisite.labels.settings_study import AS_LABELS
from paraisite.metrics.agreement import measure_agreement
from paraisite.reports.phonon_checks import (
    agreement_table,
    compare_with_published,
    parity_by_dataset,
    settings_figure,
    settings_table,
)

STUDY = pd.DataFrame(
    {
        "compound": ["AlSb", "MgO", "AlSb"],
        "variant": [AS_LABELS, AS_LABELS, "former"],
        "kappa_potential_w_per_m_k": [95.0, 43.9, np.nan],
        "n_cubic_call": [20, 10, 0],
        "reason": ["", "", "too few displacements"],
    }
)


def test_values_are_beside_published_ones_of_the_same_potential():
    table = compare_with_published(STUDY, "nequix-mp-1-pft")
    assert table["ratio_to_published"].tolist()[:2] == pytest.approx([95.0 / 91.28, 43.9 / 45.73])
    assert table["published_w_per_m_k"].tolist() == [91.28, 45.73, 91.28]
    double = compare_with_published(STUDY, "nequix-mp-1-pft-float64")
    assert double["published_w_per_m_k"].tolist() == [91.28, 45.73, 91.28]
    assert compare_with_published(STUDY, "ase.calculators.emt:EMT")["published_w_per_m_k"].isna().all()


def test_the_study_is_drawn_with_a_line_for_each_row():
    figure = settings_figure(compare_with_published(STUDY, "nequix-mp-1-pft"), "nequix-mp-1-pft")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["AlSb: labels", "MgO: labels", "AlSb: former"]


def test_a_row_without_a_value_stands_in_the_table_of_settings_with_its_reason():
    table = settings_table(compare_with_published(STUDY, "nequix-mp-1-pft"))
    assert table["kappa_potential_w_per_m_k"].tolist() == ["95", "43.9", "–"]
    assert table["reason"].tolist() == ["", "", "too few displacements"]


def test_the_table_says_the_mean_ratio_with_its_interval():
    known = np.geomspace(1, 100, 20)
    table = agreement_table({"raw": measure_agreement(known, 0.5 * known)})
    assert table.loc["raw", "mean |ln ratio|"] == "0.693 (0.693 to 0.693)"
    assert table.loc["raw", "bias (ln)"] == "-0.693"


def test_data_sets_are_told_apart_in_the_parity_plot():
    known = np.geomspace(1, 100, 6)
    rows = pd.DataFrame({"dataset": ["togo15"] * 3 + ["phonix"] * 3, "kappa_w_per_m_k": known, "computed": known})
    legend = parity_by_dataset(rows, "computed", "raw").axes[0].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert "togo15: 3 crystals, mean |ln ratio| 0.00" in texts
    assert "phonix: 3 crystals, mean |ln ratio| 0.00" in texts
