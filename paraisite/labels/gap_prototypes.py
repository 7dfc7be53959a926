"""Structure types of metals' compounds, layered crystals, hydrides and ordered alloys, as ``prototypes`` has others.

They stand apart because their slots are no anions and cations, so that ``decorate`` cannot fill them by charge, and
because the candidates of the tiers that decorate ``prototypes`` depend on its list.

Source: Villars and Calvert, Pearson's Handbook of Crystallographic Data for Intermetallic Phases (1991); Mehl et al.,
Comput. Mater. Sci. 136, S1 (2017), 10.1016/j.commatsci.2017.01.017; Hicks et al., Comput. Mater. Sci. 161, S1 (2019),
10.1016/j.commatsci.2018.10.043.
"""

from typing import Final

from paraisite.labels.prototypes import Position, Prototype

_T: Final = 1.0 / 3.0
_O: Final = (0.0, 0.0, 0.0)
_C: Final = (0.5, 0.5, 0.5)
_HALF_Z: Final = (0.0, 0.0, 0.5)
_HALF_YZ: Final = (0.0, 0.5, 0.5)


def _z(height: float) -> Position:
    """Return a position on the third axis."""
    return (0.0, 0.0, height)


def _h(height: float) -> Position:
    """Return a position on the threefold axis of a hexagonal cell that does not pass through the origin."""
    return (_T, 2 * _T, height)


GAP_PROTOTYPES: Final = (
    # one element
    Prototype("omega_titanium", "P6/mmm", (("A", _O), ("A", _h(0.5))), "", 0.613),
    Prototype("alpha_uranium", "Cmcm", (("A", (0.0, 0.1025, 0.25)),), "", 1.735, 2.055),
    # metals' compounds
    Prototype("copper_gold", "P4/mmm", (("A", _O), ("X", _C)), "", 1.31),
    Prototype("copper_platinum", "R-3m", (("A", _O), ("X", _HALF_Z)), "", 4.9),
    Prototype("sodium_thallide", "Fd-3m", (("A", _O), ("X", _C)), ""),
    Prototype("titanium_trialuminide", "I4/mmm", (("A", _O), ("X", _HALF_Z), ("X", (0.0, 0.5, 0.25))), "", 2.23),
    Prototype("molybdenum_disilicide", "I4/mmm", (("A", _O), ("X", _z(0.333))), "", 2.45),
    Prototype("copper_dizirconium", "I4/mmm", (("A", _O), ("X", _z(0.346))), "", 3.47),
    Prototype("calcium_carbide", "I4/mmm", (("A", _O), ("X", _z(0.407))), "", 1.645),
    Prototype("aluminium_diboride", "P6/mmm", (("A", _O), ("X", _h(0.5))), "", 1.08),
    Prototype("calcium_pentacopper", "P6/mmm", (("A", _O), ("X", _h(0.0)), ("X", (0.5, 0.0, 0.5))), "", 0.80),
    Prototype("cobalt_stannide", "P6/mmm", (("A", (0.5, 0.0, 0.0)), ("X", _O), ("X", _h(0.5))), "", 0.806),
    Prototype("copper_dialuminide", "I4/mcm", (("A", _z(0.25)), ("X", (0.158, 0.658, 0.0))), "", 0.803),
    Prototype("chromium_boride", "Cmcm", (("A", (0.0, 0.146, 0.25)), ("X", (0.0, 0.440, 0.25))), "", 0.987, 2.647),
    Prototype(
        "zirconium_disilicide",
        "Cmcm",
        (("A", (0.0, 0.102, 0.25)), ("X", (0.0, 0.754, 0.25)), ("X", (0.0, 0.446, 0.25))),
        "",
        0.983,
        3.95,
    ),
    Prototype("titanium_disilicide", "Fddd", (("A", _O), ("X", (0.3361, 0.0, 0.0))), "", 1.035, 0.5796),
    Prototype("cubic_laves", "Fd-3m", (("A", _O), ("X", (0.625, 0.625, 0.625))), ""),
    Prototype("copper_titanide", "P4/nmm", (("A", (0.0, 0.5, 0.10)), ("X", (0.0, 0.5, 0.65))), "", 1.90),
    Prototype("gold_cadmium", "Pmma", (("A", (0.25, 0.5, 0.812)), ("X", (0.25, 0.0, 0.313))), "", 1.021, 0.662),
    Prototype("molybdenum_tetranickel", "I4/m", (("A", _O), ("X", (0.2, 0.4, 0.0))), "", 0.622),
    Prototype("molybdenum_diplatinum", "Immm", (("A", _O), ("X", (0.0, _T, 0.0))), "", 1.425, 3.0),
    Prototype(
        "dinickel_trialuminide",
        "P-3m1",
        (("A", _h(0.149)), ("X", _O), ("X", _h(0.648))),
        "",
        1.214,
    ),
    Prototype("rhenium_diboride", "P6_3/mmc", (("A", _h(0.25)), ("X", _h(0.548))), "", 2.58),
    Prototype("osmium_diboride", "Pmmn", (("A", _z(0.1545)), ("X", (0.308, 0.0, 0.632))), "", 0.87, 0.616),
    Prototype("calcium_diindium", "P6_3/mmc", (("A", (0.0, 0.0, 0.25)), ("X", _h(0.455))), "", 1.583),
    Prototype("cerium_dicadmium", "P-3m1", (("A", _O), ("X", _h(0.42))), "", 0.68),
    Prototype("dinickel_indide", "P6_3/mmc", (("A", _O), ("A", _h(0.75)), ("X", _h(0.25))), "", 1.23),
    Prototype("thorium_disilicide", "I4_1/amd", (("A", _O), ("X", _z(0.4165))), "", 3.477),
    Prototype("lanthanum_platinum_silicide", "I4_1md", (("A", _O), ("B", _z(0.585)), ("X", _z(0.417))), "", 3.40),
    Prototype("iron_disilicide", "P4/mmm", (("A", _O), ("X", (0.5, 0.5, 0.27))), "", 1.91),
    Prototype("barium_tetraaluminide", "I4/mmm", (("A", _O), ("X", (0.0, 0.5, 0.25)), ("X", _z(0.38))), "", 2.46),
    Prototype(
        "copper_antimonide",
        "P4/nmm",
        (("A", _O), ("A", (0.0, 0.5, 0.27)), ("X", (0.0, 0.5, 0.70))),
        "",
        1.525,
    ),
    Prototype("iron_nitride", "Pm-3m", (("A", _O), ("A", _HALF_YZ), ("X", _C)), ""),
    Prototype("niobium_monoxide", "Pm-3m", (("A", _HALF_YZ), ("X", (0.5, 0.0, 0.0))), ""),
    # layers and chains
    Prototype("germanium_telluride", "R3m", (("A", _O), ("X", _z(0.474))), "", 2.57),
    Prototype(
        "gallium_selenide", "R3m", (("A", _z(0.055)), ("A", _z(-0.055)), ("X", _z(0.772)), ("X", _z(0.562))), "", 6.24
    ),
    Prototype("rhombohedral_molybdenite", "R3m", (("A", _O), ("X", _z(0.753)), ("X", _z(0.581))), "", 5.8),
    Prototype("niobium_diselenide", "P6_3/mmc", (("A", (0.0, 0.0, 0.25)), ("X", _h(0.117))), "", 3.64),
    Prototype("zirconium_monochloride", "R-3m", (("A", _z(0.1217)), ("X", _z(0.3916))), "", 7.77),
    Prototype(
        "iron_oxychloride", "Pmmn", (("A", (0.0, 0.5, 0.119)), ("X", _z(0.945)), ("Y", _z(0.3315))), "", 2.12, 0.892
    ),
    Prototype(
        "zirconium_nitride_chloride", "R-3m", (("A", _z(0.1192)), ("X", _z(0.1978)), ("Y", _z(0.3877))), "", 7.68
    ),
    Prototype("lithium_titanium_sulfide", "P-3m1", (("A", _HALF_Z), ("B", _O), ("X", _h(0.235))), "", 1.79),
    Prototype("tetradymite", "R-3m", (("A", _z(0.394)), ("X", _O), ("Y", _z(0.212))), "", 7.0),
    Prototype("sodium_tin_arsenide", "R-3m", (("A", _O), ("B", _z(0.21)), ("X", _z(0.405))), "", 6.9),
    Prototype("mercury_iodide", "P4_2/nmc", (("A", _O), ("X", (0.0, 0.5, 0.139))), "", 2.85),
    Prototype("calomel", "I4/mmm", (("A", _z(0.119)), ("X", _z(0.336))), "", 2.44),
    Prototype("tin_tetrafluoride", "I4/mmm", (("A", _O), ("X", (0.0, 0.5, 0.0)), ("X", _z(0.237))), "", 1.963),
    # ionic and covalent crystals
    Prototype("calcium_cyanamide", "R-3m", (("A", _O), ("B", _HALF_Z), ("X", _z(0.4166))), "", 4.05),
    Prototype("lithium_cyanamide", "I4/mmm", (("A", (0.0, 0.5, 0.25)), ("B", _HALF_Z), ("X", _z(0.358))), "", 2.351),
    Prototype("sodium_mercurate", "I4/mmm", (("A", _z(0.325)), ("B", _O), ("X", _z(0.147))), "", 3.9),
    Prototype("lithium_gallium_germanide", "P6_3mc", (("A", _z(0.25)), ("B", _h(0.455)), ("X", _h(0.045))), "", 1.625),
    # solid solutions' ordered members
    Prototype(
        "layered_rocksalt_alloy", "P4/mmm", (("A", _O), ("B", _C), ("X", (0.5, 0.5, 0.0)), ("X", _HALF_Z)), "", 1.414
    ),
)
"""Types without slots for anions."""
