"""Gaussian processes are explained by the structure's descriptors, and by what their networks see of the graph."""

import numpy as np

from paraisite.explain.contributions import InputPart
from paraisite.explain.explainers import Explainer, explain
from paraisite.explain.processes import build_rows_with_parts_hidden, list_descriptor_parts
from paraisite.features.descriptors import Descriptor
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictor import Predictor
from tests.graphs.crystals import rocksalt
from tests.inference.test_process_model import model, predictor

SALT = Crystal("salt.cif", rocksalt(5.64))


def test_one_part_is_hidden_in_each_row_and_all_in_the_last():
    network_log10_kappa = np.array([[0.5], [0.6], [0.7], [0.0]])
    found = build_rows_with_parts_hidden(np.array([1.0, 2.0]), np.array([-1.0, -2.0]), network_log10_kappa)
    expected = [[1, 2, 0.5], [-1, 2, 0.5], [1, -2, 0.5], [1, 2, 0.6], [1, 2, 0.7], [-1, -2, 0.0]]
    np.testing.assert_array_equal(found, expected)


def test_descriptors_are_listed_with_their_median():
    columns = (Descriptor("mean_mass", "u", ""), Descriptor("neighbours", "", ""))
    found = list_descriptor_parts(np.array([22.0, 6.0]), np.array([40.0, 4.0]), columns)
    assert found == [
        InputPart("descriptor", "mean_mass", "22 u; median 40 u"),
        InputPart("descriptor", "neighbours", "6; median 4"),
    ]


def test_nothing_hidden_is_the_prediction_and_all_kinds_of_parts_are_listed():
    (found,) = explain(Explainer(predictor()), [SALT])
    assert found.contributions is not None
    np.testing.assert_allclose(10**found.contributions.log10_kappa, found.row["members"], rtol=1e-4)
    labels = [part.label for part in found.contributions.parts]
    assert labels[:15] == [column.name for column in model().columns[:15]]
    assert {part.kind for part in found.contributions.parts} == {"descriptor", "atom", "shell"}


def test_with_all_hidden_any_crystal_is_the_same():
    found = [
        Explainer(Predictor(model(), predictor().calibration_set)).compute_contributions(crystal).nothing_w_per_m_k
        for crystal in (rocksalt(5.64), rocksalt(4.2, ("Mg", "O")))
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
