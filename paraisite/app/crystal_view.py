"""A crystal in three dimensions, with those atoms that lie on the cell's far sides: a Plotly figure."""

import itertools
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from pymatgen.analysis.local_env import MinimumDistanceNN
from pymatgen.core.graphs import EL_COLORS
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats

MAX_ATOMS: Final = 1000
"""Atoms up to which a browser turns a crystal smoothly."""

_BORDER: Final = 0.02
"""Fractions of the cell within which an atom counts as on its side, and is shown on the far side too."""

_BOND_TOLERANCE: Final = 0.1
_CORNERS: Final = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
_BOND_COLOUR: Final = "#8a939d"
_CELL_COLOUR: Final = "#444444"
_PIXELS_PER_ANGSTROM: Final = 14.0
_FALLBACK_RADIUS_ANGSTROM: Final = 1.5


class DisplayedAtoms(NamedTuple):
    """The atoms that are drawn.

    Attributes:
        site: Site of each, int64 [n_shown].
        image: Cell that it lies in, in lattice vectors, int64 [n_shown, 3].
        position_angstrom: Where it lies, [n_shown, 3].
    """

    site: npt.NDArray[np.int64]
    image: npt.NDArray[np.int64]
    position_angstrom: Floats


def crystal_figure(structure: Structure) -> go.Figure:
    """Draw an ordered crystal with at most ``MAX_ATOMS`` atoms."""
    inside = structure.copy()
    inside.translate_sites(range(len(inside)), [0, 0, 0], to_unit_cell=True)
    shown = _shown_atoms(inside)
    figure = go.Figure([_cell(inside), _bonds(inside, shown), *_atoms(inside, shown)])
    axis = {"visible": False, "showspikes": False}
    figure.update_layout(
        scene={
            "xaxis": axis, "yaxis": axis, "zaxis": axis, "aspectratio": _aspect(inside, shown),
            "camera": {"eye": {"x": 1.1, "y": 1.5, "z": 0.55}, "projection": {"type": "orthographic"}},
        },
        margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=430, showlegend=True,
        legend={"itemsizing": "constant", "x": 0.0, "y": 1.0, "font": {"size": 14}},
    )  # fmt: skip
    return figure


def _aspect(structure: Structure, shown: DisplayedAtoms) -> dict[str, float]:
    """Return the box's sides on one scale, of one diagonal: Plotly's own keep the volume, and cut long cells off."""
    corners = structure.lattice.get_cartesian_coords(_CORNERS)
    sides = np.ptp(np.concatenate([corners, shown.position_angstrom]), axis=0)
    return dict(zip("xyz", (np.sqrt(3.0) * sides / np.linalg.norm(sides)).tolist(), strict=True))


def _shown_atoms(structure: Structure) -> DisplayedAtoms:
    """Return all atoms of the cell and, where one lies on a side, those on the far sides."""
    coords = structure.frac_coords
    images = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    moved = coords[:, None] + images  # [n_site, 27, 3]
    site, number = np.nonzero(((moved > -_BORDER) & (moved < 1 + _BORDER)).all(axis=2))
    position: Floats = structure.lattice.get_cartesian_coords(moved[site, number])
    return DisplayedAtoms(site, images[number], position)


def _atoms(structure: Structure, shown: DisplayedAtoms) -> list[go.Scatter3d]:
    """Return a trace of each element, by rising electronegativity."""
    element_of_site = np.array([site.specie.symbol for site in structure])
    return [
        _atoms_of(element, shown.position_angstrom[element_of_site[shown.site] == element.symbol])
        for element in sorted({Element(symbol) for symbol in element_of_site.tolist()})
    ]


def _atoms_of(element: Element, position_angstrom: Floats) -> go.Scatter3d:
    red, green, blue = EL_COLORS["Jmol"].get(element.symbol, (128, 128, 128))
    radius = float(element.atomic_radius or _FALLBACK_RADIUS_ANGSTROM)
    return go.Scatter3d(
        **_xyz(position_angstrom), mode="markers", name=element.symbol,
        marker={
            "size": _PIXELS_PER_ANGSTROM * np.sqrt(radius), "color": f"rgb({red},{green},{blue})", "opacity": 1.0,
            "line": {"color": "#3c4650", "width": 1},
        },
        hovertemplate=f"{element.symbol}<br>%{{x:.3f}}, %{{y:.3f}}, %{{z:.3f}} Å<extra></extra>",
    )  # fmt: skip


def _bonds(structure: Structure, shown: DisplayedAtoms) -> go.Scatter3d:
    """Return the bonds between shown atoms, in one trace: of each atom those up to a tenth longer than its shortest.

    Rules that add radii miss the bonds of ionic crystals, or find those between like ions.
    """
    neighbours = MinimumDistanceNN(tol=_BOND_TOLERANCE).get_all_nn_info(structure)
    place = {(site, *image): number for number, (site, image) in enumerate(_keys(shown))}
    ends = {
        tuple(sorted((number, place[other])))
        for number, (site, image) in enumerate(_keys(shown))
        for found in neighbours[site]
        if (other := (found["site_index"], *np.add(image, found["image"]).tolist())) in place
    }
    pairs = np.array(sorted(ends), np.int64).reshape(-1, 2)
    return _segments(shown.position_angstrom[pairs], colour=_BOND_COLOUR, width=7, name="bonds")


def _keys(shown: DisplayedAtoms) -> list[tuple[int, list[int]]]:
    return list(zip(shown.site.tolist(), shown.image.tolist(), strict=True))


def _cell(structure: Structure) -> go.Scatter3d:
    """Return the edges of the unit cell: pairs of corners that differ in one coordinate."""
    pairs = [(a, b) for a, b in itertools.combinations(_CORNERS, 2) if np.abs(a - b).sum() == 1]
    edges = structure.lattice.get_cartesian_coords(np.array(pairs))
    return _segments(edges, colour=_CELL_COLOUR, width=2, name="unit cell")


def _segments(ends_angstrom: Floats, *, colour: str, width: float, name: str) -> go.Scatter3d:
    """Return lines [n, 2, 3] in one trace: a gap of NaN follows each."""
    gaps = np.full((len(ends_angstrom), 1, 3), np.nan)
    points = np.concatenate([ends_angstrom, gaps], axis=1).reshape(-1, 3)
    return go.Scatter3d(
        **_xyz(points), mode="lines", name=name, line={"color": colour, "width": width}, hoverinfo="skip"
    )


def _xyz(points: Floats) -> dict[str, Floats]:
    return dict(zip("xyz", points.T, strict=True))
