"""Occlusion of a small network's graphs: what is hidden is hidden, and nothing else."""

import dataclasses

import numpy as np
import pytest

from paraisite.explain.networks import occlude_graph
from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.calibration import floored_log10
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict_members
from tests.graphs.crystals import CUTOFF, TOLERANCE, Structure, perovskite, rocksalt, wurtzite
from tests.inference.known_predictors import N_ELEMENT, tiny_ensemble

TRAINED = np.isin(np.arange(N_ELEMENT), [11, 17, 31])


def graph_of(structure: Structure) -> GraphCollection:
    graph, _ = build_graphs([structure], ["x"], cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE)
    return graph


def with_equal_elements() -> Ensemble:
    ensemble = tiny_ensemble()
    embedding = np.zeros_like(ensemble.parameters["atom_embedding"]) + 0.3
    return dataclasses.replace(ensemble, parameters=ensemble.parameters | {"atom_embedding": embedding})


def test_parts_are_the_atoms_that_differ_and_the_shells_of_each_pair_of_elements():
    found = occlude_graph(tiny_ensemble(), graph_of(rocksalt(5.4)), trained=TRAINED)
    assert [(part.label, part.detail) for part in found.parts] == [
        ("Na", "1 in the cell"),
        ("Cl", "1 in the cell"),
        ("Na–Na 3.82 Å", "12 around each Na"),
        ("Na–Cl 2.70 Å", "6 around each Na"),
        ("Cl–Cl 3.82 Å", "12 around each Cl"),
    ]
    assert found.dex.shape == (3, 5)


def test_atoms_of_an_element_that_differ_are_numbered():
    structure = perovskite()
    structure.translate_sites([4], [0, 0, 0.05])
    labels = [part.label for part in occlude_graph(tiny_ensemble(), graph_of(structure), trained=TRAINED).parts]
    assert {"O (1)", "O (2)", "Ba", "Ti"} <= set(labels)


def test_bonds_of_nearly_one_length_are_one_shell():
    found = occlude_graph(tiny_ensemble(), graph_of(wurtzite(u=0.38)), trained=TRAINED)
    shells = [part for part in found.parts if part.label.startswith("Ga–N 1.9")]
    assert [shell.detail for shell in shells] == ["4 around each Ga"]


def test_a_hidden_element_has_the_mean_embedding_of_the_training_elements():
    """Its contribution is that of another element, whose embedding is made that mean."""
    ensemble, graph = tiny_ensemble(), graph_of(rocksalt())
    embedding = ensemble.parameters["atom_embedding"].copy()
    embedding[:, 50] = embedding[:, TRAINED].mean(axis=1)
    replaced = dataclasses.replace(ensemble, parameters=ensemble.parameters | {"atom_embedding": embedding})
    numbers = np.where(graph.atomic_number == 11, np.int32(50), graph.atomic_number)
    tin = dataclasses.replace(graph, atomic_number=numbers)
    with_it, without = (
        floored_log10(predict_members(members, crystal, compiled=False).output)
        for members, crystal in ((ensemble, graph), (replaced, tin))
    )
    found = occlude_graph(ensemble, graph, trained=TRAINED)
    np.testing.assert_allclose(found.dex[:, 0], (with_it - without)[:, 0], atol=1e-5)


def test_where_all_elements_are_alike_only_lengths_contribute():
    found = occlude_graph(with_equal_elements(), graph_of(rocksalt(5.4)), trained=TRAINED)
    np.testing.assert_allclose(found.dex[:, :2], 0, atol=1e-6)
    assert np.abs(found.dex[:, 3]).min() > 1e-6


def test_one_shell_and_equal_elements_are_accounted_for_fully():
    found = occlude_graph(with_equal_elements(), graph_of(rocksalt(5.69)), trained=TRAINED)
    assert [part.kind for part in found.parts] == ["atom", "atom", "shell"]
    np.testing.assert_allclose(found.dex.sum(axis=1), found.all_dex, atol=1e-6)
    assert found.accounted_share == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("structure", [rocksalt(), wurtzite(), perovskite()])
def test_the_cell_does_not_matter(structure: Structure):
    one, eight = (
        occlude_graph(tiny_ensemble(), graph_of(cell), trained=TRAINED)
        for cell in (structure, structure.make_supercell(2, in_place=False))
    )
    assert [part.label for part in one.parts] == [part.label for part in eight.parts]
    np.testing.assert_allclose(one.dex, eight.dex, atol=1e-5)


def test_with_everything_hidden_all_crystals_are_alike():
    """What is left is who is bonded to whom, of which means over equal atoms and bonds keep nothing."""
    found = [
        occlude_graph(tiny_ensemble(), graph_of(structure), trained=TRAINED).nothing_w_per_m_k
        for structure in (rocksalt(), wurtzite(), perovskite())
    ]
    np.testing.assert_allclose(found, found[0], rtol=1e-5)
