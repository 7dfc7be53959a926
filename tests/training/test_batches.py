"""Epochs: every row once, beside its own target, whoever else is trained."""

import dataclasses

import numpy as np
import pytest

from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.errors import DataError
from paraisite.graphs.batch import BatchShape, GraphBatch
from paraisite.graphs.plan import dense_plan
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import build_distance_basis
from paraisite.training.batches import (
    TrainingData,
    train_batches,
    train_shapes,
    validation_batches,
    validation_plans,
    validation_shape,
)
from paraisite.training.step import LabelledBatches
from tests.graphs.random_graphs import random_graphs

N = 60


def make_data() -> TrainingData:
    """Crystals whose value names them (row + 1) and whose first atom's multiplicity does too."""
    rng = np.random.default_rng(0)
    n_bond = (np.exp(rng.normal(3.0, 0.8, N)) + 1).astype(int)
    n_bond[:3] = 500  # no step with one of these fits the smallest shape
    graphs = random_graphs((n_bond // 8 + 1).tolist(), n_bond.tolist())
    graphs.atom_multiplicity[graphs.atom_offset[:-1]] = np.arange(N) + 100.0
    return TrainingData(graphs, np.arange(N) + 1.0, ModelConfig())


DATA = make_data()
ROWS = [np.random.default_rng(seed).permutation(N)[:48] for seed in range(3)]


def epoch(rows: list[np.ndarray], seeds: list[int], batch_size: int = 8) -> LabelledBatches:
    shapes = train_shapes(DATA.graphs.sizes, ROWS, batch_size=batch_size)
    return train_batches(DATA, rows, shapes=shapes, rngs=[np.random.default_rng(seed) for seed in seeds])


def rows_of(batches: LabelledBatches, member: int) -> np.ndarray:
    """Return the rows that a member's targets name, after checking that each lies beside its own crystal."""
    here = batches.present[:, member] == 1
    kappa = batches.target[:, member]
    graphs = GraphBatch(*(values[:, member] for values in batches.graphs))
    for step, place in np.argwhere(here):
        row = int(kappa[step, place]) - 1
        atoms = (graphs.crystal_of_atom[step] == place) & (graphs.atom_multiplicity[step] > 0)
        assert graphs.atom_multiplicity[step, atoms][0] == row + 100
        assert atoms.sum() == DATA.graphs.n_atom[row]
    return np.sort(kappa[here].astype(int) - 1)


def test_bond_features_are_the_basis_coordinates():
    expected = build_distance_basis(DATA.config).coordinates(DATA.graphs.bond_distance_angstrom)
    np.testing.assert_array_equal(DATA.bond_feature, expected)


def test_an_epoch_shows_every_training_row_once_beside_its_target():
    for batch_size in (1, 8, 13, 48):
        batches = epoch(ROWS, [1, 2, 3], batch_size)
        for member, rows in enumerate(ROWS):
            np.testing.assert_array_equal(rows_of(batches, member), np.sort(rows))


def test_empty_places_have_value_one_and_are_not_present():
    batches = epoch(ROWS, [1, 2, 3], 13)  # 48 = 3 * 13 + 9
    assert set(np.unique(batches.present)) == {0.0, 1.0}
    np.testing.assert_array_equal(batches.present.sum(axis=2), [[13] * 3] * 3 + [[9] * 3])
    assert (batches.target[batches.present == 0] == 1).all()
    assert batches.target.dtype == batches.present.dtype == np.float32


def test_shape_index_is_the_smallest_shape_that_every_member_fits():
    shapes = train_shapes(DATA.graphs.sizes, ROWS, batch_size=8)
    assert len(shapes) == 2
    batches = epoch(ROWS, [1, 2, 3])
    assert len(set(batches.shape_index.tolist())) > 1
    n_atom = (batches.graphs.atom_multiplicity > 0).sum(-1).max(axis=1)
    n_bond = (batches.graphs.bond_multiplicity > 0).sum(-1).max(axis=1)
    for index, atoms, bonds in zip(batches.shape_index, n_atom, n_bond, strict=True):
        enough = [shape.n_atom >= atoms and shape.n_bond >= bonds for shape in shapes]
        assert enough.index(True) == index
    assert batches.graphs.bond_centre.shape[-1] == shapes[-1].n_bond


def test_a_members_epoch_depends_on_no_other_member():
    together, alone = epoch(ROWS, [1, 2, 3]), epoch(ROWS[1:2], [2])
    np.testing.assert_array_equal(together.target[:, 1], alone.target[:, 0])
    for values, own in zip(together.graphs, alone.graphs, strict=True):
        np.testing.assert_array_equal(values[:, 1], own[:, 0])


def test_shapes_suit_the_member_with_the_largest_crystals():
    sizes = random_graphs([4] * 200, [10] * 100 + [20] * 100).sizes
    shapes = [train_shapes(sizes, rows, batch_size=64) for rows in ([np.arange(100)], [np.arange(100), np.arange(200)])]
    assert [shape.n_bond for (shape,) in shapes] == [656, 992]


def test_the_validation_shape_holds_the_largest_crystal():
    for n_atom, n_bond in (([1, 300], [2, 5000]), ([2, 2], [3, 3])):
        shape = validation_shape(random_graphs(n_atom, n_bond))
        assert shape.n_atom >= max(n_atom)
        assert shape.n_bond >= max(n_bond)
        assert shape.n_atom % 16 == shape.n_bond % 16 == 0


def test_validation_shows_every_row_once_in_any_shape():
    largest = BatchShape(1, int(DATA.graphs.n_atom.max()), int(DATA.graphs.n_bond.max()))
    rows = [np.arange(48, 60), np.arange(0, 30), np.array([5])]  # members with fewer steps get empty ones
    for shape in (validation_shape(DATA.graphs), largest, BatchShape(12, 64, 560)):
        batches = validation_batches(DATA, validation_plans(DATA, rows, shape), shape)
        for member, own in enumerate(rows):
            np.testing.assert_array_equal(rows_of(batches, member), own)


def test_the_smallest_possible_shape_is_enough_for_dense_plans():
    largest = BatchShape(1, int(DATA.graphs.n_atom.max()), int(DATA.graphs.n_bond.max()))
    plan = dense_plan(DATA.graphs.sizes, largest)
    np.testing.assert_array_equal(np.sort(plan[:, 0]), np.arange(N))


def test_a_value_that_is_not_known_is_not_present():
    """Two targets, one of them known for every third crystal; crystals stay where they are."""
    both = np.stack([DATA.target, DATA.target + 1000.0], axis=1)
    both[np.arange(N) % 3 != 0, 1] = np.nan
    data = TrainingData(DATA.graphs, both, ModelConfig(n_output=2))
    shape = validation_shape(DATA.graphs)
    batches = validation_batches(data, validation_plans(data, ROWS, shape), shape)
    plain = validation_batches(DATA, validation_plans(DATA, ROWS, shape), shape)
    assert batches.target.shape == batches.present.shape == (*plain.present.shape, 2)
    np.testing.assert_array_equal(batches.present[..., 0], plain.present)
    np.testing.assert_array_equal(batches.target[..., 0], plain.target)
    row = plain.target - 1.0
    known = (plain.present == 1) & (row % 3 == 0)
    np.testing.assert_array_equal(batches.present[..., 1], known)
    np.testing.assert_array_equal(batches.target[..., 1], np.where(known, row + 1001.0, 1.0))


@pytest.mark.parametrize(("shape", "n_output"), [((N - 1,), 1), ((N, 1), 1), ((N,), 2), ((N, 3), 2)])
def test_targets_of_another_shape_are_refused(shape: tuple[int, ...], n_output: int):
    with pytest.raises(DataError, match=r"the targets have shape .* expected \(60,"):
        TrainingData(DATA.graphs, np.ones(shape), ModelConfig(n_output=n_output))


def test_rows_that_their_label_selected_count_less_in_training_and_not_in_validation():
    """Each member weighs the rows that it trains on, by how many of them were selected."""
    selected = np.isin(np.arange(N), np.arange(5, 25, 2))
    weighted = dataclasses.replace(DATA, selected=selected)
    shapes = train_shapes(DATA.graphs.sizes, ROWS, batch_size=8)
    rngs = [np.random.default_rng(seed) for seed in range(3)]
    batches = train_batches(weighted, ROWS, shapes=shapes, rngs=rngs)
    for member, rows in enumerate(ROWS):
        expected = np.ones(N)
        expected[rows] = compute_sample_weights(DATA.target[rows], selected[rows])
        here = batches.present[:, member] > 0
        found = batches.target[:, member][here].astype(int) - 1
        assert sorted(found) == sorted(rows)
        np.testing.assert_allclose(batches.present[:, member][here], expected[found])
        assert (expected < 1).sum() > 5
    shape = validation_shape(DATA.graphs)
    plans = validation_plans(DATA, ROWS, shape)
    validated = validation_batches(weighted, plans, shape)
    np.testing.assert_array_equal(validated.present, validation_batches(DATA, plans, shape).present)


def test_marks_of_another_number_of_crystals_are_refused():
    with pytest.raises(DataError, match=r"selected has shape \(3,\), expected \(60,\)"):
        dataclasses.replace(DATA, selected=np.ones(3, np.bool_))
