"""The drawn crystal: atoms on all sides of the cell, bonds between nearest atoms, twelve edges."""

import numpy as np
import plotly.graph_objects as go
import pytest

from paraisite.app.crystal_view import crystal_figure
from paraisite.app.familiar import list_textbook_crystals
from tests.graphs.crystals import Structure, simple_cubic


def traces(structure: Structure) -> dict[str, go.Scatter3d]:
    return {trace.name: trace for trace in crystal_figure(structure).data}


def lengths(trace: go.Scatter3d) -> np.ndarray:
    ends = np.stack([trace.x, trace.y, trace.z], axis=1).reshape(-1, 3, 3)
    return np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)


def test_rocksalt_has_the_atoms_and_bonds_of_the_textbooks_cube():
    found = traces(list_textbook_crystals()["sodium chloride"].structure)
    assert (len(found["Na"].x), len(found["Cl"].x)) == (14, 13)
    assert len(lengths(found["bonds"])) == 54
    np.testing.assert_allclose(lengths(found["bonds"]), 2.82)
    np.testing.assert_allclose(lengths(found["unit cell"]), [5.64] * 12)


def test_atoms_outside_the_cell_are_moved_into_it():
    structure = simple_cubic(3.3)
    structure.translate_sites([0], [1.0, -2.0, 0.0], to_unit_cell=False)
    assert len(traces(structure)["Po"].x) == 8


@pytest.mark.parametrize("name", ["gallium nitride", "strontium titanate", "molybdenite", "calcite"])
def test_elements_differ_in_colour_and_have_a_legend(name: str):
    structure = list_textbook_crystals()[name].structure
    found = traces(structure)
    elements = {str(element) for element in structure.elements}
    assert elements <= set(found)
    assert len({found[element].marker.color for element in elements}) == len(elements)


@pytest.mark.parametrize("name", ["sodium chloride", "molybdenite"])
def test_the_whole_of_a_long_cell_is_drawn_as_large_as_a_cube(name: str):
    """Cells with a long axis were cut off at top and bottom."""
    figure = crystal_figure(list_textbook_crystals()[name].structure)
    drawn = np.concatenate([np.stack([trace.x, trace.y, trace.z], axis=1) for trace in figure.data])
    ratio = figure.layout.scene.aspectratio
    sides = np.array([ratio.x, ratio.y, ratio.z])
    assert np.linalg.norm(sides) == pytest.approx(np.sqrt(3.0))
    spans = np.nanmax(drawn, axis=0) - np.nanmin(drawn, axis=0)
    np.testing.assert_allclose(sides / spans, (sides / spans)[0])
