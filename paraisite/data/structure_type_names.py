"""Structure types in words: what a reader calls the type that a label stands for.

Source: names of minerals and compounds as in Mehl et al., Comput. Mater. Sci. 136, S1 (2017),
10.1016/j.commatsci.2017.01.017 (the AFLOW library of prototypes).
"""

import re
from functools import cache
from types import MappingProxyType
from typing import Final

from pymatgen.symmetry.groups import sg_symbol_from_int_number

from paraisite.data.crystal_kinds import name_structure_type

_NAMES: Final = MappingProxyType(
    {
        "A_cF4_225_a": "fcc",
        "A_cF8_227_a": "diamond",
        "A_cI2_229_a": "bcc",
        "A_hP2_194_c": "hcp",
        "AB_cF8_216_a_c": "zincblende",
        "AB_cF8_225_a_b": "rocksalt",
        "AB_cP2_221_a_b": "CsCl",
        "AB_hP4_186_b_b": "wurtzite",
        "AB_hP4_194_a_c": "NiAs",
        "AB2_cF12_225_a_c": "fluorite",
        "AB2_cP12_205_a_c": "pyrite",
        "AB2_hP3_164_a_d": "CdI2",
        "AB2_hP6_194_c_f": "2H-MoS2",
        "AB2_tP6_136_a_f": "rutile",
        "AB3_cI32_204_c_g": "skutterudite",
        "AB3_cP4_221_a_c": "Cu3Au",
        "A2B3_cI80_206_ad_e": "bixbyite",
        "A2B3_hR15_166_c_ac": "Bi2Te3",
        "A2B3_hR30_167_c_e": "corundum",
        "ABC_cF12_216_a_b_c": "half-Heusler",
        "ABC_tP6_129_a_c_c": "PbFCl",
        "ABC2_cF16_225_a_b_c": "Heusler",
        "ABC2_hR12_166_a_b_c": "NaFeO2 or delafossite",
        "ABC2_tI16_122_a_b_d": "chalcopyrite",
        "ABC3_cP5_221_a_b_c": "cubic perovskite",
        "ABC3_hR30_148_c_c_f": "ilmenite",
        "ABC3_hR30_167_a_b_e": "calcite",
        "ABC3_oP20_62_a_c_cd": "orthorhombic perovskite",
        "ABC4_tI24_88_a_b_f": "scheelite",
        "ABC4_tI24_141_a_b_h": "zircon",
        "AB2C2_hP5_164_a_d_d": "CaAl2Si2",
        "AB2C2_tI10_139_a_d_e": "ThCr2Si2",
        "AB2C4_cF56_227_a_d_e": "spinel",
        "AB2C4_tI14_139_a_e_ce": "K2NiF4",
        "AB2C6_cF36_225_a_c_e": "K2PtCl6",
        "A2B2C7_cF88_227_c_d_af": "pyrochlore",
        "A3B5C12_cI160_230_c_ad_h": "garnet",
        "A2B3C3D12_cI160_230_a_c_d_h": "garnet",
        "ABC2D6_cF40_225_a_b_c_e": "double perovskite",
    }
)
"""By label as ``label_structure_type`` writes it. Only labels that leave the type open
in nothing but lengths, or whose best-known type nearly all their crystals have."""

_LABEL: Final = re.compile(r"(?P<formula>(?:[A-Z]\d*)+)_[a-z][A-Z]\d+_(?P<space_group>\d+)(?:_[a-zA-Z0-9]+)+")


UNKNOWN_TYPE: Final = "unknown type"
"""What is said wherever a material's structure type is not known."""


@cache
def describe_structure_type(label: str | None) -> str:
    """Return the name of a structure type, else its anonymous formula and space group, else what was given.

    Args:
        label: As ``structure_labels.label_structure_type`` writes it, or a data set's own name of a type; none or
            empty: not known.
    """
    if not label:
        return UNKNOWN_TYPE
    label = name_structure_type(label)
    if label in _NAMES:
        return _NAMES[label]
    parts = _LABEL.fullmatch(label)
    if parts is None or not 1 <= int(parts["space_group"]) <= 230:
        return label
    return f"{parts['formula']}, {sg_symbol_from_int_number(int(parts['space_group']))}"
