"""The map of training materials, and what is drawn on it."""

from dataclasses import replace

import numpy as np
import pytest

from paraisite.app.map_view import clicked_material, map_figure
from paraisite.app.material_map import MaterialMap
from paraisite.inference.predictor import Predictor
from tests.graphs.crystals import rocksalt
from tests.inference.known_predictors import tiny_predictor


@pytest.fixture(scope="module")
def of_materials() -> MaterialMap:
    found = MaterialMap.fit(tiny_predictor())
    assert found is not None
    return found


def test_axes_are_the_directions_in_which_the_materials_differ_most(of_materials: MaterialMap):
    variance = of_materials.places.var(axis=0)
    assert variance[0] >= variance[1] > 0
    assert np.cov(of_materials.places.T)[0, 1] == pytest.approx(0.0, abs=1e-6)


def test_the_map_is_the_same_every_time(of_materials: MaterialMap):
    again = MaterialMap.fit(tiny_predictor())
    assert again is not None
    np.testing.assert_allclose(again.places, of_materials.places)


def test_a_crystal_lies_where_its_supercell_does(of_materials: MaterialMap):
    structure = rocksalt(5.64)
    place, of_supercell = of_materials.place([structure, structure * 2])
    np.testing.assert_allclose(place, of_supercell, atol=1e-3)


def test_without_training_materials_there_is_no_map():
    assert MaterialMap.fit(Predictor(tiny_predictor().model)) is None


def test_crystal_nearest_and_all_materials_are_drawn(of_materials: MaterialMap):
    figure = map_figure(of_materials, np.array([0.5, -0.5]), [3, 1], name="NaCl")
    known, nearest, own = figure.data
    assert len(known.x) == len(of_materials.materials.formula)
    np.testing.assert_allclose(nearest.x, of_materials.places[[3, 1], 0])
    assert (own.x[0], own.y[0]) == (0.5, -0.5)


def test_no_label_lies_on_another(of_materials: MaterialMap):
    materials = of_materials.materials
    formulas = ("MgO", "NaCl", "KBr", *materials.formula[3:])
    places = np.concatenate([[[0.0, 0.0], [0.0, 5.0], [0.0, 5.1]], np.full((len(formulas) - 3, 2), 10.0)])
    drawn = replace(of_materials, materials=replace(materials, formula=formulas), places=places)
    figure = map_figure(drawn, np.array([0.1, 0.0]), [], name="X")
    assert [note.text for note in figure.layout.annotations] == ["NaCl", "X"]


def test_a_click_says_which_material_was_meant():
    assert clicked_material({"selection": {"points": [{"customdata": [7, "NaCl"]}]}}) == 7
    assert clicked_material({"selection": {"points": [{}]}}) is None
    assert clicked_material({}) is None
