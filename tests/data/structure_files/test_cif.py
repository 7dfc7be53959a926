"""A CIF is the crystal that it states, or a reason; never another crystal."""

import itertools

import gemmi
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paraisite.data.structure_files import cif as parser
from paraisite.data.structure_files.cif import count_cif_crystals, parse_cif
from paraisite.data.structure_files.reading import parse_content
from tests.data.structure_files.texts import CUBIC, LIME, ROCKSALT_SITES, Crystal, cif, read, read_one, reason_of

ROCKSALT = Crystal("Ca4 O4", 3.34, 2.41, 225)
GERMANIUM = (5.6575, 5.6575, 5.6575, *CUBIC)
DIAMOND = Crystal("Ge8", 5.33, 2.45, 227)
ANTIMONY = (4.5067, 4.5067, 4.5067, 57.11, 57.11, 57.11)
ZIRCONIUM_OXIDE = ("Zr Zr 0.2754 0.0395 0.2083", "O1 O 0.0700 0.3317 0.3447", "O2 O 0.4496 0.7569 0.4792")
WATER_PLACES = (".25 0 .5", ".35 .1 .5", ".35 -.1 .5", "0 .5 0", "0 .6 .1", "0 .6 -.1")
BADDELEYITE = (5.1505, 5.2116, 5.3173, 90, 99.230, 90)  # P 21/c; 5.82 g/cm3


def operations(symbol: str) -> list[str]:
    return [operation.triplet() for operation in gemmi.find_spacegroup_by_name(symbol).operations()]


@pytest.mark.parametrize(
    "symbol",
    [
        "F m -3 m",
        "Fm-3m",
        "F m 3 m",
        "F_m_-3_m",
        "F 4/m -3 2/m",
        "F m \u22123 m",
        "F m 3\u0305 m",
        "Fm-3m (225)",
        "F m -3 m (No. 225)",
        "-F 4 2 3",
        "225",
    ],
)
def test_a_symbol_without_operations_stands_for_its_own_setting(symbol: str):
    assert read_one(cif(symbol=symbol)) == ROCKSALT


@pytest.mark.parametrize(
    "further",
    [
        "_symmetry_space_group_name_Hall '-F 4 2 3'",
        "_space_group_name_Hall '-F 4 2 3'",
        "_space_group_name_H-M_alt 'F m -3 m'",
        "_space_group.name_H-M_alt 'F m -3 m'",
        "_space_group_name_H-M_ref 'F m -3 m'",
        "_space_group_name_Schoenflies 'Oh^5'",
        "_symmetry_Int_Tables_number 225",
        "_space_group_IT_number 225",
        "_SYMMETRY_SPACE_GROUP_NAME_H-M 'F m -3 m'",
        "_symmetry_space_group_name_H-M F m -3 m",
        "_symmetry_space_group_name_H-M 'F m -3 m (No. 225)'",
        "_symmetry_Int_Tables_no 225",
        "_spacegroup_name Fm-3m",
        "_spacegroup Fm-3m",
        "_symmetry_space_group 'F m -3 m'",
        "_space_group 'F m -3 m'",
    ],
)
def test_a_space_group_may_be_named_by_any_tag(further: str):
    assert read_one(cif(further=further)) == ROCKSALT


@pytest.mark.parametrize(
    "symbol", ["F d d d d", "rocksalt", "#225x", "cF8", "F m -3 m m", "F m -3 m (216)", "P1x1 (7)"]
)
def test_a_symbol_that_is_not_understood_is_never_read_as_p1(symbol: str):
    assert "is not understood, and no symmetry operations are listed" in reason_of(cif(symbol=symbol))


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("_symmetry_cell_setting cubic", "no space group and no operations"),
        ("_space_group_point_group_H-M m-3m", "no space group and no operations"),
        ("_space_group_ssg_name 'Pnma(a00)0ss'", "modulated"),
    ],
)
def test_what_says_something_of_the_symmetry_but_not_which_is_no_p1(further: str, reason: str):
    assert reason in reason_of(cif(further=further))


@pytest.mark.parametrize("header", ["data_global", "global_", "data_"])
@pytest.mark.parametrize(
    "symmetry",
    [
        "_space_group_IT_number 225\n",
        "_symmetry_space_group_name_H-M 'F m -3 m'\n",
        "_space_group_name_Hall '-F 4 2 3'\n",
        "\n".join(["loop_", "_space_group_symop_operation_xyz", *(f"'{each}'" for each in operations("F m -3 m"))])
        + "\n",
    ],
)
def test_a_symmetry_that_stands_in_a_block_without_atoms_makes_the_others_no_p1(header: str, symmetry: str):
    """NaCl with its symmetry in data_global was read as two atoms in the cubic cell."""
    assert "the symmetry stands in another block" in reason_of(f"{header}\n{symmetry}{cif()}", "x.cif")
    assert read(f"{header}\n{symmetry}{cif(symbol='F m -3 m')}", "x.cif") == [ROCKSALT]
    unknown = f"{header}\n_space_group_IT_number ?\n{cif()}"
    assert read(unknown, "x.cif") == read(cif(), "x.cif")


@pytest.mark.parametrize(
    ("symbol", "x"),
    [
        ("F d -3 m :2", 0.125),
        ("F d -3 m:2", 0.125),
        ("F d -3 m Z", 0.125),
        ("Fd-3mZ", 0.125),
        ("F d -3 m (origin choice 2)", 0.125),
        ("F 41/d -3 2/m :2", 0.125),
        ("-F 4vw 2vw 3", 0.125),
        ("F d -3 m :1", 0),
        ("F d -3 m S", 0),
        ("F d 3 m :1", 0),
    ],
)
def test_the_origin_is_the_one_that_the_symbol_names(symbol: str, x: float):
    assert read_one(cif([f"Ge Ge {x} {x} {x}"], cell=GERMANIUM, symbol=symbol)) == DIAMOND


@pytest.mark.parametrize("x", [0, 0.125])
@pytest.mark.parametrize(
    "further", ["_cell_formula_units_Z 8\n_chemical_formula_sum Ge", "_exptl_crystal_density_diffrn 5.3"]
)
def test_an_origin_that_is_not_named_is_the_one_that_fits_what_the_file_states(x: float, further: str):
    assert read_one(cif([f"Ge Ge {x} {x} {x}"], cell=GERMANIUM, symbol="F d -3 m", further=further)) == DIAMOND


def test_an_origin_that_nothing_tells_is_refused():
    reason = reason_of(cif(["Ge Ge 0 0 0"], cell=GERMANIUM, symbol="F d -3 m"))
    assert "F d -3 m:1 (8 atoms), F d -3 m:2 (16 atoms)" in reason


def test_a_code_beside_the_symbol_names_the_origin_too():
    text = cif(
        ["Ge Ge 0.125 0.125 0.125"],
        cell=GERMANIUM,
        symbol="F d -3 m",
        further="_space_group_IT_coordinate_system_code 2",
    )
    assert read_one(text) == DIAMOND


@pytest.mark.parametrize("symbol", ["R -3 m :R", "R -3 m R", "R-3mR", "R -3 m", "R -3 2/m", "166"])
def test_rhombohedral_axes_have_their_own_operations(symbol: str):
    text = cif(["Sb Sb 0.2336 0.2336 0.2336"], cell=ANTIMONY, symbol=symbol)
    assert read_one(text) == Crystal("Sb2", 6.69, 2.91, 166)


@pytest.mark.parametrize("symbol", ["R -3 m :H", "R -3 m H", "R-3mH", "R -3 m"])
def test_hexagonal_axes_have_theirs(symbol: str):
    text = cif(["Sb Sb 0 0 0.2336"], cell=(4.3084, 4.3084, 11.274, 90, 90, 120), symbol=symbol)
    assert read_one(text) == Crystal("Sb6", 6.69, 2.91, 166)


@pytest.mark.parametrize(
    "text",
    [
        cif(["Sb Sb 0.2336 0.2336 0.2336"], cell=ANTIMONY, symbol="R -3 m :H"),
        cif(["Sb Sb 0.2336 0.2336 0.2336"], cell=ANTIMONY, operations=operations("R -3 m:H")),
        cif(cell=(4.8, 4.8, 5.1, *CUBIC), symbol="F m -3 m"),
        cif(cell=(4.8, 4.8, 4.8, 90, 90, 95), symbol="F m -3 m"),
        cif(cell=(3, 3, 5, 90, 90, 60), symbol="P 63 m c"),
    ],
)
def test_a_cell_without_the_symmetry_of_its_group_is_refused(text: str):
    assert "the cell does not have the symmetry of" in reason_of(text)


@pytest.mark.parametrize("symbol", ["P 21/n", "P_21/n", "P2(1)/n", "P 2~1~/n", "P21/n", "P 1 21/n 1", "-P 2yn"])
def test_monoclinic_settings_are_not_exchanged(symbol: str):
    # Baddeleyite's cell with the vectors a and a + c instead of a and c: P 21/c becomes P 21/n.
    sites = [
        f"{label} {element} {float(x) - float(z)} {y} {z}"
        for label, element, x, y, z in (site.split() for site in ZIRCONIUM_OXIDE)
    ]
    in_n = read_one(cif(sites, cell=(5.1505, 5.2116, 6.783, 90, 50.69, 90), symbol=symbol))
    in_c = read_one(cif(ZIRCONIUM_OXIDE, cell=BADDELEYITE, symbol="P 21/c"))
    assert in_c == Crystal("Zr4 O8", 5.81, 2.05, 14)
    assert in_n[:2] == in_c[:2]
    assert in_n[2] == pytest.approx(in_c[2], abs=0.02)


def test_a_number_that_several_settings_share_is_refused():
    text = cif(ZIRCONIUM_OXIDE, cell=BADDELEYITE, further="_space_group_IT_number 14")
    assert "P 1 21/c 1 (12 atoms), P 1 21/n 1 (12 atoms), P 1 21/a 1 (12 atoms)" in reason_of(text)


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("_symmetry_Int_Tables_number 227", "are not the same: F m -3 m (227)"),
        ("_space_group_name_Hall '-P 4 2 3'", "are not the same"),
        ("_space_group_name_H-M_alt 'P m -3 m'", "are not the same"),
        ("_symmetry_Int_Tables_number 0", "the number 0, expected 1 to 230"),
    ],
)
def test_names_that_contradict_each_other_are_refused(further: str, reason: str):
    assert reason in reason_of(cif(symbol="F m -3 m", further=further))


@pytest.mark.parametrize(
    ("symbol", "listed", "reason"),
    [
        ("F m -3 m", ["x,y,z"], "have the space group 221, while the file says 225"),
        ("F m -3 m", operations("P m -3 m"), "have the space group 221, while the file says 225"),
        ("F m -3 m", operations("F m -3 m")[:100], "100 symmetry operations are no group"),
        (None, ["x,y,z", "x,y,w"], "'x,y,w' cannot be read"),
        (None, ["x,y,z", "x,y," + "9" * 5000], "cannot be read: 5004 characters"),
        (None, ["x,y,z"] * 2000, "2000 symmetry operations, expected at most 1536"),
    ],
)
def test_operations_that_are_not_those_of_the_group_are_refused(symbol: str | None, listed: list[str], reason: str):
    assert reason in reason_of(cif(symbol=symbol, operations=listed))


def test_the_identity_may_be_left_out():
    listed = [operation for operation in operations("F m -3 m") if operation != "x,y,z"]
    assert read_one(cif(symbol="F m -3 m", operations=listed)) == ROCKSALT
    assert "are no group" in reason_of(cif(symbol="F m -3 m", operations=listed[1:]))


def test_operations_of_another_origin_than_the_symbol_names_are_refused():
    text = cif(["Ge Ge 0.125 0.125 0.125"], cell=GERMANIUM, symbol="F d -3 m :1", operations=operations("F d -3 m:2"))
    assert "are those of F d -3 m:2, while F d -3 m :1 is named" in reason_of(text)


CELL_14 = (5, 6, 7, 90, 100, 90)


@pytest.mark.parametrize(
    ("symbol", "hall", "reason"),
    [
        ("P 1 21/n 1", "-P 2ybc", "several settings"),
        ("P 1 21/n 1", "-P 2yn", None),
        ("P 1 21/c 1", "-P 2yn", None),
        ("P 1 21/a 1", "-P 2yn", "several settings"),
    ],
)
def test_a_hall_symbol_says_the_setting_and_a_standard_symbol_only_the_type(symbol: str, hall: str, reason: str | None):
    text = cif(["Na Na .1 .2 .3"], cell=CELL_14, symbol=symbol, further=f"_symmetry_space_group_name_Hall '{hall}'")
    if reason:
        assert reason in reason_of(text)
    else:
        assert read_one(text) == read_one(cif(["Na Na .1 .2 .3"], cell=CELL_14, symbol="P 1 21/n 1"))


def test_operations_of_an_origin_that_no_table_lists_are_taken_as_they_are():
    shifted = [operation.triplet() for operation in gemmi.symops_from_hall("-P 2yn (x,y,z+1/4)")]
    text = cif(["Na Na .1 .2 .3"], cell=CELL_14, symbol="P 1 21/n 1", operations=shifted)
    assert read_one(text) == Crystal("Na4", 0.74, 2.65, 14)


def test_a_crystal_may_have_more_symmetry_than_its_file_names():
    sites = [f"Ca Ca {place}" for place in ("0 0 0", ".5 .5 0", ".5 0 .5", "0 .5 .5")]
    sites += [f"O O {place}" for place in (".5 .5 .5", "0 0 .5", "0 .5 0", ".5 0 0")]
    assert read_one(cif(sites, symbol="P 4/m m m", operations=["x,y,z"])) == ROCKSALT
    primitive = cif(
        ["Ca Ca 0 0 0", "O O .5 .5 .5"], cell=(3.4019,) * 3 + (60,) * 3, symbol="F m -3 m", operations=["x,y,z"]
    )
    assert read_one(primitive) == Crystal("Ca1 O1", 3.34, 2.41, 225)


def test_two_lists_of_operations_have_to_be_the_same():
    further = "loop_\n_space_group_symop_operation_xyz\n'x,y,z'\n'-x,-y,-z'"
    assert "list different operations" in reason_of(cif(further=further, operations=["x,y,z"]))
    assert read_one(cif(symbol="F m -3 m", further="_symmetry_equiv_pos_as_xyz ?")) == ROCKSALT


def test_a_standard_symbol_may_stand_beside_operations_of_any_setting():
    text = cif(ZIRCONIUM_OXIDE, cell=BADDELEYITE, symbol="P 21/c", operations=operations("P 1 21/c 1"))
    assert read_one(text) == read_one(text.replace("'P 21/c'", "'P 1 21/c 1'"))
    text = cif(["Ge Ge 0.125 0.125 0.125"], cell=GERMANIUM, symbol="F d -3 m", operations=operations("F d -3 m:2"))
    assert read_one(text) == DIAMOND


def test_operations_may_be_written_in_many_ways():
    listed = operations("F m -3 m")
    for changed in (
        [text.replace("-", "\u2212") for text in listed],
        [text.replace("1/2", "0.5").upper() for text in listed],
        [text.replace(",", " , ") for text in [*listed, "x,y,z"]],
    ):
        assert read_one(cif(symbol="F m -3 m", operations=changed)) == ROCKSALT


def test_a_cell_of_few_atoms_needs_no_tree(monkeypatch: pytest.MonkeyPatch):
    """Whose import would cost each prediction from a CIF half a second."""
    monkeypatch.delattr(parser, "_find_near")
    assert read_one(cif(symbol="F m -3 m")) == ROCKSALT


def test_images_among_many_sites_are_found():
    places = itertools.product(range(8), repeat=3)
    grid = [f"O O {x / 20 + 0.02} {y / 20 + 0.03} {z / 20 + 0.04}" for x, y, z in places]
    text = cif([*grid, "O1 O -.02 -.03 -.04"], cell=(50, 50, 50, *CUBIC), symbol="P m m m")
    assert "O1 of the list is already an image of O" in reason_of(text)


@pytest.mark.parametrize("n_pair", [0, 200_000])
def test_a_list_of_all_atoms_of_the_cell_may_stand_beside_the_operations(n_pair: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parser, "_PAIRS_WITHOUT_TREE", n_pair)
    sites = [f"Ca Ca {place}" for place in ("0 0 0", ".5 .5 0", ".5 0 .5", "0 .5 .5")]
    sites += [f"O O {place}" for place in (".5 .5 .5", "0 0 .5", "0 .5 0", ".5 0 0")]
    assert read_one(cif(sites, symbol="F m -3 m", operations=["x,y,z"])) == ROCKSALT
    for listed in ([], operations("F m -3 m")):
        assert read_one(cif(sites, symbol="F m -3 m", operations=listed)) == ROCKSALT
        incomplete = cif([*sites[:3], *sites[4:]], symbol="F m -3 m", operations=listed)
        assert "Ca of the list is already an image of Ca" in reason_of(incomplete)
        other = cif([*sites[:7], "N N .5 0 0"], symbol="F m -3 m", operations=listed)
        assert "O and N share one place" in reason_of(other)


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("_cell_volume 90", "volume is 111.4 Å³, while the file says 90"),
        ("_exptl_crystal_density_diffrn 1.68", "a density of 3.34 g/cm³, while the file says 1.68"),
        ("_exptl_crystal_density_meas 2.2", "a density of 3.34 g/cm³, while the file says 2.2"),
        (
            "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 8",
            "8 atoms were read, while the file says Z = 8 of Ca O",
        ),
        ("_chemical_formula_structural 'Ca (O H)2'", "the formula Ca O2 H2 holds H, of which no atom has a position"),
        ("_chemical_formula_moiety 'Ca 2+, 2(H O 1-)'", "holds H, of which no atom has a position"),
        ("_chemical_formula_weight 58.1\n_cell_formula_units_Z 4", "a mass of 224.3 u, while the file says 232.4"),
        ("_chemical_formula_sum 'Ca O2'", "is not the formula that it names, Ca O2"),
        ("_chemical_formula_sum 'Ca H2 O2'", "holds H, of which no atom has a position"),
        ("_chemical_formula_sum 'Mg O'", "holds Mg, of which no atom has a position"),
        ("_chemical_formula_sum 'O'", "Ca is not in the formula"),
        ("_chemical_formula_sum 'CaO\u00b72H2O'", "holds H, of which no atom has a position"),
        ("_chemical_formula_sum 'Ca4, O8'", "is not the formula that it names, Ca4 O8"),
        ("_chemical_formula_sum 'CaO\u2082'", "is not the formula that it names, Ca O2"),
        ("_chemical_formula_sum 'Ca1-x Mgx O'", "while the elements are said to be Ca-Mg-O"),
        ("_chemical_formula_sum '44Ca O'", "44Ca of the formula '44Ca O' is an isotope"),
        ("_chemical_formula_iupac 'Mg O'", "holds Mg, of which no atom has a position"),
        ("_chemical_formula_moiety 'Mg 2+, O 2-'", "holds Mg, of which no atom has a position"),
        (
            "loop_\n_atom_type_symbol\n_atom_type_number_in_cell\nCa2+ 2\nO2- 2",
            "8 atoms were read, while the file says 4",
        ),
    ],
)
def test_what_the_file_states_is_compared_with_what_was_read(further: str, reason: str):
    assert reason in reason_of(cif(symbol="F m -3 m", further=further))


@pytest.mark.parametrize(
    "further",
    [
        "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 4\n_cell_volume 111.35(3)",
        "_chemical_formula_sum 'Ca4 O4'\n_cell_formula_units_Z 4",  # as pymatgen states it
        "_chemical_formula_sum 'Ca1.0 O1.00'",
        "_chemical_formula_sum 'CA O'",
        "_chemical_formula_sum ?\n_cell_formula_units_Z ?\n_cell_volume .\n_exptl_crystal_density_diffrn ?",
        "_chemical_formula_sum '(Ca O)'",
        "_exptl_crystal_density_meas 3.0",
        "_cell_formula_units_Z 'see text'\n_exptl_crystal_density_diffrn unknown",
        "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 2.5",
        "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 2\n_oqmd_database_code 1",
        "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 4\n_cell_volume 111.4\n_exptl_crystal_density_diffrn 2.5",
        "loop_\n_atom_type_symbol\n_atom_type_number_in_cell\nCa2+ 4\nO2- 4",
        "loop_\n_atom_type_symbol\n_atom_type_number_in_cell\nCa2+ ?\nO2- 4",
        "_chemical_formula_moiety 'Ca 2+, O 2-'",
        "_space_group_transform_Pp_abc 'a,b,c;0,0,0'",
    ],
)
def test_what_agrees_or_is_not_known_is_no_reason(further: str):
    assert read_one(cif(symbol="F m -3 m", further=further)) == ROCKSALT


def test_each_block_with_atoms_is_a_crystal():
    empty = "data_global\n_publ_section_title 'Two oxides'\n_chemical_formula_sum 'K Br'\n"
    other = cif(["Mg Mg 0 0 0", "O O .5 .5 .5"], cell=(4.212,) * 3 + CUBIC, symbol="F m -3 m", header="data_two")
    text = empty + cif(symbol="F m -3 m") + other + cif(["Q Q 0 0 0"], symbol="F m -3 m", header="data_lime")
    assert [crystal.name for crystal in parse_cif(text)] == ["lime", "two", "lime"]
    assert read(text) == [ROCKSALT, Crystal("Mg4 O4", 3.58, 2.11, 225), "unknown element 'Q'"]
    assert count_cif_crystals(text) == 3
    assert count_cif_crystals(empty + other) == 1
    assert "no block of the CIF lists atoms" in reason_of(empty, "x.cif")


NOTE = "_publ_section_title\n;\nThe\ndata_set of\nloop_\n_cell_length_a 3\n;"


@pytest.mark.parametrize(
    "text",
    [
        cif(symbol="F m -3 m", further=NOTE),
        cif(symbol="F m -3 m", header="").lstrip(),
        cif(symbol="F m -3 m", header="data_calcium oxide"),
        cif(symbol="F m -3 m").replace("\n", "\r\n"),
        "\ufeff" + cif(symbol="F m -3 m"),
        cif(symbol="F m -3 m").encode("utf-16"),
        cif(symbol="F m -3 m").encode("utf-32"),
        cif(symbol="F m -3 m").encode("utf-16-le"),
        cif(symbol="F m -3 m").replace("_cell_", "_CELL_").replace("loop_", "LOOP_").replace("data_", "DATA_"),
        cif(symbol="F m -3 m").replace("_atom_site_", "_atom_site.").replace("_cell_", "_cell."),
        "Supplementary material\nof a journal\n\n" + cif(symbol="F m -3 m"),
        cif(symbol="F m -3 m", further="_computing_molecular_graphics 'ORTEP\n_citation_author_name 'A. B.',"),
    ],
    ids=[
        "text",
        "no header",
        "header of words",
        "crlf",
        "mark",
        "utf-16",
        "utf-32",
        "utf-16 without mark",
        "capitals",
        "dots",
        "preface",
        "quotation marks",
    ],
)
def test_the_syntax_may_vary(text: str | bytes):
    assert read_one(text, "x.cif") == ROCKSALT


AUTHORS = "loop_\n_publ_author_name\n_publ_author_address\n'A. Author'"


@pytest.mark.parametrize(
    "slip",
    [
        AUTHORS,
        "loop_ _publ_author_name\n'A. Author",
        f"{AUTHORS}\n;\nloop_\n_a\n;\n'B. Author",
        "_publ_title 'Lime\n\nand more'",
    ],
)
def test_slips_where_nothing_is_said_of_the_crystal_are_passed_over(slip: str):
    assert read_one(cif(symbol="F m -3 m", further=slip), "x.cif") == ROCKSALT


@pytest.mark.parametrize(
    "slip",
    [
        "loop_\n_symmetry_equiv_pos_as_xyz\n_publ_author_name\nx,y,z",
        "_publ_title\n;Lime\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n",
        "_publ_title 'Lime\nand _cell_length_a 4.7",
    ],
)
def test_slips_that_may_concern_the_crystal_are_refused(slip: str):
    assert "not a readable structure: line" in reason_of(cif(symbol="F m -3 m", further=slip), "x.cif")


@pytest.mark.parametrize("end", ["loop_", "loop_\n_symmet\n_cel\n1"])
def test_a_cif_that_ends_within_a_list_is_refused(end: str):
    assert "not a readable structure: line" in reason_of(cif(symbol="F m -3 m") + end, "x.cif")


@pytest.mark.parametrize("unknown", ["''", "?", "."])
def test_a_value_that_is_not_known_does_not_differ_from_another(unknown: str):
    for values in ((unknown, "'Ca O2'"), ("'Ca O2'", unknown)):
        text = cif(symbol="F m -3 m", further="\n".join(f"_chemical_formula_sum {value}" for value in values))
        assert "is not the formula that it names, Ca O2" in reason_of(text)
        assert read_one(text.replace("O2", "O")) == ROCKSALT


@pytest.mark.parametrize("formula", ["Ca O, 2H2 O", "Ca O \u00b7 2H2 O"])
def test_how_many_molecules_of_water_there_are_is_no_mass_number(formula: str):
    water = [f"{symbol} {symbol} {place}" for symbol, place in zip("OHHOHH", WATER_PLACES, strict=True)]
    further = f"_chemical_formula_iupac '{formula}'"
    text = cif([*ROCKSALT_SITES, *water], cell=(6, 6, 6, *CUBIC), symbol="P 1", further=further)
    assert read_one(text).formula == "Ca1 H4 O3"
    assert "2H of the formula" in reason_of(text.replace(formula, "2H2 O, Ca O"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (cif().replace("_fract_", "_Cartn_"), "Cartesian"),
        (cif(cell=(4.8, "?", 4.8, *CUBIC)), "_cell_length_a, _b and _c are not all given"),
        (cif(cell=(4.8, -4.8, 4.8, *CUBIC)), "make no cell"),
        (cif(cell=(4.8, 4.8, 4.8, 10, 10, 170)), "make no cell"),
        (cif(further="_cell_length_a 5.0"), "_cell_length_a stands there twice"),
        (cif(further="_cell_modulation_dimension 1"), "is modulated"),
        (cif(further="_cell_subsystems_number 2"), "is modulated"),
        (cif(further="_space_group_ssg_number 225"), "is modulated"),
        (cif() + "loop_\n_atom_site_Fourier_wave_vector_seq_id\n1\n", "is modulated"),
        (cif() + "loop_\n_atom_site_displace_Fourier_axis\nx\n", "is modulated"),
        (cif(["Ca Ca 0 0 0", "O O 2500 5000 5000"]), "a fractional coordinate is 5000, expected within ±100"),
        (cif() + "loop_\n_atom_site_occupancy\n1\n1\n1\n", "_atom_site_occupancy has 3 values for 2 sites"),
        (cif(further="_space_group_magn.name_BNS 'C_c 2/c'"), "'C_c 2/c' is not understood"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, reason: str):
    assert reason in reason_of(text)


def test_a_magnetic_cell_is_read_with_its_centrings():
    sites = ["Ni Ni 0 0 0", "O O 0.5 0.5 0.5"]
    symmetry = """loop_
_space_group_symop_magn_operation.id
_space_group_symop_magn_operation.xyz
1 x,y,z,+1
2 -x,-y,-z,+1
loop_
_space_group_symop_magn_centering.id
_space_group_symop_magn_centering.xyz
1 x,y,z,+1
2 x,y+1/2,z+1/2,-1
3 x+1/2,y,z+1/2,-1
4 x+1/2,y+1/2,z,+1"""
    assert read_one(cif(sites, cell=(4.177, 4.177, 4.177, *CUBIC), further=symmetry), "x.mcif") == Crystal(
        "Ni4 O4", 6.81, 2.09, 225
    )


@given(end=st.integers(0, 900))
def test_a_cif_that_is_cut_off_is_never_another_crystal(end: int):
    whole = cif(["Ca Ca 0 0 0", "O O 1/2 1/2 1/2"], symbol="F m -3 m", further="_chemical_formula_sum 'Ca O'")
    assume(end < len(whole) - 1)
    crystal = read_one(whole[:end], "x.cif")
    assert isinstance(crystal, str) or crystal.formula == "Ca4 O4"


def test_a_cell_of_triclinic_symmetry_needs_no_more_than_its_atoms():
    assert read_one(cif(["Ca Ca 0 0 0"], cell=(3.9, 4.1, 4.3, 80, 85, 95), symbol="P 1"))[0] == "Ca1"
    assert read_one(cif(["Ca Ca 0 0 0"], cell=LIME, symbol="?"))[0] == "Ca1"


@pytest.mark.parametrize(
    ("tag", "values", "reason"),
    [
        ("symmetry_multiplicity", ("4", "4"), "the site Ca makes 1 atoms of the cell, while the file says 4"),
        ("site_symmetry_multiplicity", ("4", "4"), "the site Ca makes 1 atoms of the cell, while the file says 4"),
        ("Wyckoff_symbol", ("a", "b"), "_atom_site_wyckoff_symbol is 'b', but no space group"),
        ("site_symmetry_symbol", ("m-3m", "m-3m"), "is 'm-3m', but no space group"),
    ],
)
def test_sites_of_a_symmetry_that_the_file_does_not_give_are_no_p1(tag: str, values: tuple[str, str], reason: str):
    sites = [f"{site} {value}" for site, value in zip(("Ca Ca 0 0 0", "O O .5 .5 .5"), values, strict=True)]
    text = cif(sites, columns="label type x y z occupancy").replace("_occupancy", f"_{tag}")
    assert reason in reason_of(text)
    assert read_one(text.replace("loop_", "_space_group_IT_number 225\nloop_", 1)) == ROCKSALT


def test_multiplicities_of_another_setting_than_that_of_the_atoms_say_nothing():
    setting = "loop_\n_space_group_magn_transforms.id\n_space_group_magn_transforms.Pp_abc\n1 {}\n"
    columns = "label type x y z occupancy"
    text = cif(["Ca Ca 0 0 0 16", "O O .5 .5 .5 16"], symbol="F m -3 m", columns=columns, further=setting)
    text = text.replace("_occupancy", "_symmetry_multiplicity")
    assert read_one(text.format("2a,2b,c;0,0,0")) == ROCKSALT
    assert "makes 4 atoms of the cell, while the file says 16" in reason_of(text.format("a,b,c;0,0,0"))


@pytest.mark.parametrize("order", ["8", "24"])
def test_a_multiplicity_tells_the_origin(order: str):
    """Some programs write the number of atoms there, others how many operations leave the site in its place."""
    text = cif([f"Ge Ge 0 0 0 {order}"], cell=GERMANIUM, symbol="F d -3 m", columns="label type x y z occupancy")
    assert read_one(text.replace("_occupancy", "_symmetry_multiplicity")) == DIAMOND


def test_a_multiplicity_of_another_cell_is_no_reason_where_formula_and_z_agree():
    further = "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 4"
    text = cif(
        ["Ca Ca 0 0 0 8", "O O .5 .5 .5 8"], symbol="F m -3 m", further=further, columns="label type x y z occupancy"
    )
    assert read_one(text.replace("_occupancy", "_symmetry_multiplicity")) == ROCKSALT


@pytest.mark.parametrize(
    ("further", "symbol", "reason"),
    [
        (
            "_parent_space_group.name_H-M_alt 'F m -3 m'",
            None,
            "no space group of the atoms and no operations are given",
        ),
        ("_parent_space_group.IT_number 225", None, "no space group of the atoms and no operations are given"),
        ("_space_group_transform_Pp_abc 'a,b,c;0,0,1/4'", "F m -3 m", "says that the axes or the origin are others"),
        ("_space_group_transform_Pp_abc c,a,b", "F m -3 m", "says that the axes or the origin are others"),
    ],
)
def test_a_symmetry_that_is_said_of_another_cell_is_refused(further: str, symbol: str | None, reason: str):
    assert reason in reason_of(cif(symbol=symbol, further=further))


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("loop_\n_atom_type_symbol\n_atom_type_atomic_mass\nH 2.014", "H of 2.014 u"),
        ("loop_\n_atom_type_symbol\n_atom_type_description\nH Deuterium", "H of 'Deuterium' is an isotope"),
        ("loop_\n_atom_type_symbol\n_atom_type_scat_length_neutron\nH 6.671", "scattering length 6.671 is an isotope"),
        ("_chemical_name_systematic 'Lithium deuteride'", "H of 'Lithium deuteride' is an isotope"),
        ("_chemical_formula_moiety 'Li D'", "by the formula Li D, D is an isotope"),
        ("loop_\n_atom_type_symbol\n_atom_type_atomic_mass\nLi 6.015", "Li of 6.015 u"),
    ],
)
def test_deuterium_by_whatever_says_so_is_refused(further: str, reason: str):
    assert reason in reason_of(cif(["Li Li 0 0 0", "H1 H .5 .5 .5"], symbol="F m -3 m", further=further))


def test_masses_and_scattering_lengths_of_the_elements_are_no_isotopes():
    further = (
        "loop_\n_atom_type_symbol\n_atom_type_atomic_mass\n_atom_type_scat_length_neutron\nLi 6.94 ?\nH 1.008 -3.739"
    )
    found = read_one(cif(["Li Li 0 0 0", "H1 H .5 .5 .5"], symbol="F m -3 m", further=further))
    assert found[0] == "Li4 H4"


@pytest.mark.parametrize(
    ("further", "reason"),
    [
        ("_symmetry_cell_setting hexagonal", "the crystal system 'hexagonal' is named, and the space group F m -3 m"),
        ("_space_group_crystal_system Tetragonal", "the crystal system 'Tetragonal' is named"),
        ("_cell_formula_units_Z 3", "its atoms make Ca4 O4, while the file says Z = 3"),
        ("_cell_formula_units_Z 8", "its atoms make Ca4 O4, while the file says Z = 8"),
    ],
)
def test_a_crystal_system_and_z_alone_are_compared(further: str, reason: str):
    assert reason in reason_of(cif(symbol="F m -3 m", further=further))


@pytest.mark.parametrize(
    "further",
    [
        "_symmetry_cell_setting Cubic",
        "_space_group_crystal_system isometric",
        "_space_group_crystal_system ?",
        "_cell_formula_units_Z 4",
        "_cell_formula_units_Z 2",
        "_cell_formula_units_Z 3\n_chemical_formula_sum 'lime'",
    ],
)
def test_a_crystal_system_and_z_that_agree_or_say_nothing_are_no_reason(further: str):
    assert read_one(cif(symbol="F m -3 m", further=further)) == Crystal("Ca4 O4", 3.34, 2.41, 225)


@pytest.mark.parametrize(("order", "is_right"), [("48", True), ("24", False), ("?", True)])
def test_the_order_of_a_sites_symmetry_is_compared(order: str, is_right: bool):
    text = cif(symbol="F m -3 m").replace("_atom_site_fract_z", "_atom_site_fract_z\n_atom_site_site_symmetry_order")
    found = read_one(text.replace("0 0 0\n", f"0 0 0 {order}\n").replace("0.5 0.5 0.5\n", "0.5 0.5 0.5 48\n"))
    assert (found == Crystal("Ca4 O4", 3.34, 2.41, 225)) == is_right
    assert is_right or "while the file says 24" in str(found)


def rock_salt_in_p1(n_repeat: int, *, n_lost: int, further: str) -> str:
    """Return the CIF of a supercell of CaO, all atoms listed but the last ones."""
    grid = itertools.product(range(2 * n_repeat), repeat=3)
    sites = [
        f"{('Ca', 'O')[sum(place) % 2]} {' '.join(str(each / (2 * n_repeat)) for each in place)}" for place in grid
    ]
    cell = (*(4.811 * n_repeat,) * 3, *CUBIC)
    return cif(sites[: len(sites) - n_lost], cell=cell, columns="label x y z", further=further)


@pytest.mark.parametrize(
    "further",
    [
        "_chemical_formula_sum 'Ca32 O32'\n_cell_formula_units_Z 1",
        "_chemical_formula_sum 'Ca O'\n_cell_formula_units_Z 32",
        "_chemical_formula_sum 'Ca O'",
    ],
)
def test_one_lost_atom_of_many_is_told_by_whole_numbers(further: str):
    """Within 2 % 63 atoms were 64."""
    assert read_one(rock_salt_in_p1(2, n_lost=0, further=further)) == Crystal("Ca32 O32", 3.34, 2.41, 225)
    assert "its atoms make Ca32 O31" in reason_of(rock_salt_in_p1(2, n_lost=1, further=further))


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n"])
def test_a_line_may_end_in_any_way(end: str):
    text = "# made by hand\n" + cif(symbol="F m -3 m", further="# the symmetry")
    assert read_one(text.replace("\n", end)) == read_one(text)
    assert read_one(text.replace("symmetry\n", f"symmetry{end}").encode()) == read_one(text)


def test_an_angle_that_is_not_known_is_no_right_one():
    text = cif(symbol="F m -3 m")
    without = "\n".join(line for line in text.splitlines() if "_cell_angle" not in line)
    assert read_one(without) == read_one(text)
    assert reason_of(text.replace("_cell_angle_beta 90.0", "_cell_angle_beta ?")) == "_cell_angle_beta is not known"


def test_a_crystal_before_the_first_header_is_one_of_the_file():
    first = cif(symbol="F m -3 m").replace("data_lime\n", "")
    found = [each.crystal for each in parse_content(f"{first}{cif(symbol='P m -3 m', header='data_b')}", "two.cif")]
    assert [len(crystal) if isinstance(crystal, str) else crystal.n_atom[0] for crystal in found] == [8, 2]


@pytest.mark.parametrize(
    "tag", ["_symmetry_equiv_position_as_xyz", "_space_group_symop_generator_xyz", "_symmetry_operation_xyz"]
)
def test_operations_under_another_tag_are_no_p1(tag: str):
    text = cif(operations=["x,y,z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2", "x+1/2,y+1/2,z"])
    assert read_one(text) == Crystal("Ca4 O4", 3.34, 2.41, 225)
    assert f"{tag}, which lists 'x,y+1/2,z+1/2', is not known" in reason_of(
        text.replace("_symmetry_equiv_pos_as_xyz", tag)
    )


def test_the_identity_beside_a_symbol_that_is_not_understood_is_no_p1():
    reason = reason_of(cif(symbol="F m -3 mm", operations=["x,y,z"]))
    assert reason == "the space group 'F m -3 mm' is not understood, and x,y,z is the only operation listed"
    as_listed = read_one(cif(operations=["x,y,z"]))
    for symbol in ("P 1", "P1", "Unknown", "P 1 (No. 1)"):
        assert read_one(cif(symbol=symbol, operations=["x,y,z"])) == as_listed


def test_magnetic_operations_are_compared_with_the_others():
    magnetic = (
        "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1\nx,y+1/2,z+1/2,+1\nx+1/2,y,z+1/2,-1\nx+1/2,y+1/2,z,-1"
    )
    listed = ["x,y,z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2", "x+1/2,y+1/2,z"]
    assert read_one(cif(operations=listed, further=magnetic)) == Crystal("Ca4 O4", 3.34, 2.41, 225)
    assert "lists other operations than _space_group_symop_magn" in reason_of(
        cif(operations=listed[:2], further=magnetic)
    )


def test_names_that_say_what_is_not_there_are_read_beside_a_slip():
    slip = "_audit_creation_method 'by hand\n"
    named = f"{slip}_chemical_name_common 'lithium deuteride'"
    sites = ["Li Li 0 0 0", "H H 0.5 0.5 0.5"]
    assert "isotope" in reason_of(cif(sites, cell=(*(4.08,) * 3, *CUBIC), symbol="F m -3 m", further=named))
    assert read_one(cif(symbol="F m -3 m", further=f"{slip}_chemical_name_common 'quicklime'")).formula == "Ca4 O4"
