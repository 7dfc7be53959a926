"""Structure types to be decorated with elements: space group, axial ratios and Wyckoff positions.

A slot is a letter; every position of a slot takes the same element. Positions
and ratios are those of the type's eponym; the potential relaxes whatever symmetry leaves free. Where a space group has
two origins, positions refer to the first, as in pymatgen.

Source: Villars and Calvert, Pearson's Handbook of Crystallographic Data for Intermetallic Phases (1991); Mehl et al.,
Comput. Mater. Sci. 136, S1 (2017), 10.1016/j.commatsci.2017.01.017.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.symmetry.groups import SpaceGroup

Position = tuple[float, float, float]

_THIRD: Final = 1.0 / 3.0


@dataclass(frozen=True)
class Prototype:
    """A structure type.

    Attributes:
        name: Of the type.
        space_group: Hermann-Mauguin symbol; rhombohedral ones on hexagonal axes.
        sites: Slot and fractional position of every Wyckoff position.
        anions: Slots that hold anions; the others hold cations.
        c_over_a: Third axis over the first.
        b_over_a: Second axis over the first.
        octahedral: Slots at the centres of octahedra whose corners are ``corner``, in types related to perovskite; the
            slot ``filling`` sits between them. Empty for other types.
        corner: Likewise.
        filling: Likewise.
        weight: Decorations drawn where other types have one drawn. Types of which more decorations turned out stable,
            and which have many, are drawn more often.
    """

    name: str
    space_group: str
    sites: tuple[tuple[str, Position], ...]
    anions: str
    c_over_a: float = 1.0
    b_over_a: float = 1.0
    octahedral: str = ""
    corner: str = ""
    filling: str = ""
    weight: int = 1

    @property
    def slots(self) -> tuple[str, ...]:
        """Letters in order of appearance."""
        return tuple(dict.fromkeys(slot for slot, _ in self.sites))

    @property
    def is_hexagonal(self) -> bool:
        """Whether the first two axes meet at 120 degrees."""
        return self.space_group[0] == "R" or self.space_group[1:].lstrip("-")[0] in "36"

    def build(self, elements: dict[str, str], *, volume_per_atom_cubic_angstrom: float) -> Structure:
        """Return the primitive cell with an element for each slot.

        Args:
            elements: Symbol for each slot.
            volume_per_atom_cubic_angstrom: Volume that the cell is scaled to, Å³ per atom.
        """
        if self.is_hexagonal:
            lattice = Lattice.hexagonal(1.0, self.c_over_a)
        else:
            lattice = Lattice.orthorhombic(1.0, self.b_over_a, self.c_over_a)
        species, positions = zip(*((elements[slot], position) for slot, position in self.sites), strict=True)
        _hold_space_group(self.space_group)
        cell = Structure.from_spacegroup(self.space_group, lattice, species, positions, tol=1e-4)
        cell = cell.scale_lattice(volume_per_atom_cubic_angstrom * len(cell))
        return cell.get_primitive_structure()


@cache
def _hold_space_group(symbol: str) -> SpaceGroup:
    """Keep a space group: without a reference pymatgen forgets it, and takes half a second to make it."""
    return SpaceGroup(symbol)


def _at(x: float, y: float | None = None, z: float | None = None) -> Position:
    """Return a position; one number is meant for all three coordinates."""
    return (x, x, x) if y is None or z is None else (x, y, z)


_ORIGIN: Final = _at(0.0)
_CENTRE: Final = _at(0.5)
_QUARTER: Final = _at(0.25)

PROTOTYPES: Final = (
    # binary
    Prototype("rocksalt", "Fm-3m", (("A", _ORIGIN), ("X", _CENTRE)), "X"),
    Prototype("zincblende", "F-43m", (("A", _ORIGIN), ("X", _QUARTER)), "X"),
    Prototype(
        "wurtzite", "P6_3mc", (("A", _at(_THIRD, 2 * _THIRD, 0.0)), ("X", _at(_THIRD, 2 * _THIRD, 0.375))), "X", 1.633
    ),
    Prototype("cesium_chloride", "Pm-3m", (("A", _ORIGIN), ("X", _CENTRE)), "X"),
    Prototype("nickel_arsenide", "P6_3/mmc", (("A", _ORIGIN), ("X", _at(_THIRD, 2 * _THIRD, 0.25))), "X", 1.55),
    Prototype("litharge", "P4/nmm", (("A", _at(0.0, 0.5, 0.234)), ("X", _ORIGIN)), "X", 1.26),
    Prototype("fluorite", "Fm-3m", (("A", _ORIGIN), ("X", _QUARTER)), "X"),
    Prototype("antifluorite", "Fm-3m", (("A", _QUARTER), ("X", _ORIGIN)), "X"),
    Prototype("cuprite", "Pn-3m", (("A", _QUARTER), ("X", _ORIGIN)), "X"),
    Prototype("rutile", "P4_2/mnm", (("A", _ORIGIN), ("X", _at(0.305, 0.305, 0.0))), "X", 0.65),
    Prototype("cadmium_iodide", "P-3m1", (("A", _ORIGIN), ("X", _at(_THIRD, 2 * _THIRD, 0.25))), "X", 1.61),
    Prototype("cadmium_chloride", "R-3m", (("A", _ORIGIN), ("X", _at(0.0, 0.0, 0.255))), "X", 4.6),
    Prototype(
        "molybdenite",
        "P6_3/mmc",
        (("A", _at(_THIRD, 2 * _THIRD, 0.25)), ("X", _at(_THIRD, 2 * _THIRD, 0.621))),
        "X",
        3.9,
    ),
    Prototype("rhenium_trioxide", "Pm-3m", (("A", _ORIGIN), ("X", _at(0.5, 0.0, 0.0))), "X"),
    Prototype("l1_2", "Pm-3m", (("A", _at(0.0, 0.5, 0.5)), ("X", _ORIGIN)), "X"),
    Prototype("bismuth_trifluoride", "Fm-3m", (("A", _QUARTER), ("A", _CENTRE), ("X", _ORIGIN)), "X"),
    Prototype(
        "lithium_nitride",
        "P6/mmm",
        (("A", _at(0.0, 0.0, 0.5)), ("A", _at(_THIRD, 2 * _THIRD, 0.0)), ("X", _ORIGIN)),
        "X",
        1.06,
    ),
    Prototype(
        "sodium_arsenide",
        "P6_3/mmc",
        (("A", _at(0.0, 0.0, 0.25)), ("A", _at(_THIRD, 2 * _THIRD, 0.583)), ("X", _at(_THIRD, 2 * _THIRD, 0.25))),
        "X",
        1.77,
    ),
    Prototype(
        "lanthanum_sesquioxide",
        "P-3m1",
        (("A", _at(_THIRD, 2 * _THIRD, 0.245)), ("X", _ORIGIN), ("X", _at(_THIRD, 2 * _THIRD, 0.645))),
        "X",
        1.56,
    ),
    Prototype(
        "magnesium_antimonide",
        "P-3m1",
        (("A", _ORIGIN), ("A", _at(_THIRD, 2 * _THIRD, 0.63)), ("X", _at(_THIRD, 2 * _THIRD, 0.225))),
        "X",
        1.58,
    ),
    Prototype("corundum", "R-3c", (("A", _at(0.0, 0.0, 0.352)), ("X", _at(0.306, 0.0, 0.25))), "X", 2.73),
    Prototype(
        "bismuth_telluride", "R-3m", (("A", _at(0.0, 0.0, 0.4)), ("X", _ORIGIN), ("X", _at(0.0, 0.0, 0.212))), "X", 6.95
    ),
    Prototype("tungsten_carbide", "P-6m2", (("A", _ORIGIN), ("X", _at(_THIRD, 2 * _THIRD, 0.5))), "X", 0.976),
    Prototype("platinum_sulfide", "P4_2/mmc", (("A", _at(0.0, 0.5, 0.0)), ("X", _at(0.0, 0.0, 0.25))), "X", 1.76),
    Prototype(
        "thallium_iodide", "Cmcm", (("A", _at(0.0, 0.392, 0.25)), ("X", _at(0.0, 0.133, 0.25))), "X", 1.147, 2.827
    ),
    Prototype("iron_silicide", "P2_13", (("A", _at(0.137)), ("X", _at(0.842))), "X"),
    Prototype("anatase", "I4_1/amd", (("A", _ORIGIN), ("X", _at(0.0, 0.0, 0.208))), "X", 2.51),
    Prototype("anti_cadmium_iodide", "P-3m1", (("A", _at(_THIRD, 2 * _THIRD, 0.25)), ("X", _ORIGIN)), "X", 1.61),
    Prototype("anti_cadmium_chloride", "R-3m", (("A", _at(0.0, 0.0, 0.256)), ("X", _ORIGIN)), "X", 4.5),
    Prototype("aluminium_fluoride", "R-3c", (("A", _ORIGIN), ("X", _at(0.43, 0.0, 0.25))), "X", 2.53),
    Prototype(
        "uranium_chloride", "P6_3/m", (("A", _at(_THIRD, 2 * _THIRD, 0.25)), ("X", _at(0.387, 0.301, 0.25))), "X", 0.585
    ),
    Prototype("copper_nitride", "Pm-3m", (("A", _at(0.5, 0.0, 0.0)), ("X", _ORIGIN)), "X"),
    # ternary
    Prototype(
        "ilmenite",
        "R-3",
        (("A", _at(0.0, 0.0, 0.355)), ("B", _at(0.0, 0.0, 0.146)), ("X", _at(0.317, 0.023, 0.245))),
        "X",
        2.77,
    ),
    Prototype(
        "lanthanum_oxysulfide",
        "P-3m1",
        (("A", _at(_THIRD, 2 * _THIRD, 0.279)), ("X", _ORIGIN), ("Y", _at(_THIRD, 2 * _THIRD, 0.629))),
        "XY",
        1.717,
    ),
    Prototype("half_heusler", "F-43m", (("A", _ORIGIN), ("B", _QUARTER), ("X", _CENTRE)), "X"),
    Prototype("half_heusler_anion_centred", "F-43m", (("A", _ORIGIN), ("B", _CENTRE), ("X", _QUARTER)), "X", weight=2),
    Prototype("heusler", "Fm-3m", (("A", _QUARTER), ("B", _ORIGIN), ("X", _CENTRE)), "X"),
    Prototype(
        "perovskite",
        "Pm-3m",
        (("A", _CENTRE), ("B", _ORIGIN), ("X", _at(0.5, 0.0, 0.0))),
        "X",
        octahedral="B",
        corner="X",
        filling="A",
    ),
    Prototype(
        "antiperovskite",
        "Pm-3m",
        (("X", _CENTRE), ("Y", _ORIGIN), ("A", _at(0.5, 0.0, 0.0))),
        "XY",
        octahedral="Y",
        corner="A",
        filling="X",
    ),
    Prototype(
        "chalcopyrite",
        "I-42d",
        (("A", _ORIGIN), ("B", _at(0.0, 0.0, 0.5)), ("X", _at(0.25, 0.25, 0.125))),
        "X",
        2.0,
        weight=3,
    ),
    Prototype(
        "copper_gold_chalcogenide",
        "P-4m2",
        (("A", _ORIGIN), ("B", _CENTRE), ("X", _at(0.0, 0.5, 0.25))),
        "X",
        1.414,
        weight=4,
    ),
    Prototype("delafossite", "R-3m", (("A", _ORIGIN), ("B", _at(0.0, 0.0, 0.5)), ("X", _at(0.0, 0.0, 0.11))), "X", 5.9),
    Prototype(
        "alpha_nafeo2",
        "R-3m",
        (("A", _at(0.0, 0.0, 0.5)), ("B", _ORIGIN), ("X", _at(0.0, 0.0, 0.24))),
        "X",
        5.2,
        weight=4,
    ),
    Prototype(
        "matlockite",
        "P4/nmm",
        (("A", _at(0.0, 0.5, 0.2)), ("X", _ORIGIN), ("Y", _at(0.0, 0.5, 0.65))),
        "XY",
        1.76,
    ),
    Prototype(
        "zirconium_beryllium_silicide",
        "P6_3/mmc",
        (("A", _ORIGIN), ("B", _at(_THIRD, 2 * _THIRD, 0.25)), ("X", _at(_THIRD, 2 * _THIRD, 0.75))),
        "X",
        1.9,
    ),
    Prototype(
        "calcium_aluminium_silicide",
        "P-3m1",
        (("A", _ORIGIN), ("B", _at(_THIRD, 2 * _THIRD, 0.63)), ("X", _at(_THIRD, 2 * _THIRD, 0.24))),
        "X",
        1.7,
        weight=2,
    ),
    Prototype(
        "thorium_chromium_silicide",
        "I4/mmm",
        (("A", _ORIGIN), ("B", _at(0.0, 0.5, 0.25)), ("X", _at(0.0, 0.0, 0.37))),
        "X",
        2.6,
    ),
    Prototype("spinel", "Fd-3m", (("A", _ORIGIN), ("B", _at(0.625)), ("X", _at(0.3875))), "X"),
    Prototype(
        "potassium_tetrafluoronickelate",
        "I4/mmm",
        (("A", _at(0.0, 0.0, 0.355)), ("B", _ORIGIN), ("X", _at(0.0, 0.5, 0.0)), ("X", _at(0.0, 0.0, 0.155))),
        "X",
        3.2,
        octahedral="B",
        corner="X",
        filling="A",
    ),
    Prototype(
        "potassium_hexachloroplatinate",
        "Fm-3m",
        (("A", _QUARTER), ("B", _ORIGIN), ("X", _at(0.24, 0.0, 0.0))),
        "X",
        octahedral="B",
        corner="X",
        filling="A",
    ),
    # quaternary
    Prototype(
        "elpasolite",
        "Fm-3m",
        (("A", _QUARTER), ("B", _ORIGIN), ("C", _CENTRE), ("X", _at(0.25, 0.0, 0.0))),
        "X",
        octahedral="BC",
        corner="X",
        filling="A",
    ),
    Prototype(
        "stannite",
        "I-42m",
        (("A", _at(0.0, 0.5, 0.25)), ("B", _ORIGIN), ("C", _at(0.0, 0.0, 0.5)), ("X", _at(0.245, 0.245, 0.13))),
        "X",
        2.0,
        weight=2,
    ),
)
"""Types of compounds, each with at least one slot for anions."""

ELEMENTAL: Final = (
    Prototype("face_centred_cubic", "Fm-3m", (("A", _ORIGIN),), ""),
    Prototype("body_centred_cubic", "Im-3m", (("A", _ORIGIN),), ""),
    Prototype("hexagonal_close_packed", "P6_3/mmc", (("A", _at(_THIRD, 2 * _THIRD, 0.25)),), "", 1.62),
    Prototype(
        "double_hexagonal_close_packed",
        "P6_3/mmc",
        (("A", _ORIGIN), ("A", _at(_THIRD, 2 * _THIRD, 0.25))),
        "",
        3.24,
    ),
    Prototype("simple_cubic", "Pm-3m", (("A", _ORIGIN),), ""),
    Prototype("diamond", "Fd-3m", (("A", _ORIGIN),), ""),
    Prototype("graphite", "P6_3/mmc", (("A", _at(0.0, 0.0, 0.25)), ("A", _at(_THIRD, 2 * _THIRD, 0.25))), "", 2.73),
    Prototype("mercury", "R-3m", (("A", _ORIGIN),), "", 1.93),
    Prototype("arsenic", "R-3m", (("A", _at(0.0, 0.0, 0.227)),), "", 2.8),
    Prototype("boron", "R-3m", (("A", _at(0.1177, -0.1177, -0.1073)), ("A", _at(0.1961, -0.1961, 0.0245))), "", 2.56),
    Prototype("selenium", "P3_121", (("A", _at(0.225, 0.0, _THIRD)),), "", 1.135),
    Prototype("white_tin", "I4_1/amd", (("A", _ORIGIN),), "", 0.546),
    Prototype("indium", "I4/mmm", (("A", _ORIGIN),), "", 1.52),
    Prototype("gallium", "Cmce", (("A", _at(0.0, 0.155, 0.081)),), "", 1.001, 1.695),
    Prototype("black_phosphorus", "Cmce", (("A", _at(0.0, 0.1017, 0.0806)),), "", 1.321, 3.162),
    Prototype("iodine", "Cmce", (("A", _at(0.0, 0.154, 0.117)),), "", 1.371, 0.657),
    Prototype("nitrogen", "Pa-3", (("A", _at(0.054)),), ""),
    Prototype("oxygen", "R-3m", (("A", _at(0.0, 0.0, 0.0535)),), "", 3.404),
    Prototype(
        "manganese",
        "I-43m",
        (("A", _ORIGIN), ("A", _at(0.318)), ("A", _at(0.357, 0.357, 0.035)), ("A", _at(0.0896, 0.0896, 0.2819))),
        "",
    ),
)
"""Types of elements, crystals of molecules among them."""
