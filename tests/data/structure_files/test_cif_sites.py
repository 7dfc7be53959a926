"""Sites of a CIF: elements, occupancies, and images at special positions that were rounded."""

import pytest

from tests.data.structure_files.texts import CUBIC, Crystal, cif, read_one, reason_of

ROCKSALT = Crystal("Ca4 O4", 3.34, 2.41, 225)
WURTZITE = (3.25, 3.25, 5.207, 90, 90, 120)


@pytest.mark.parametrize("occupancy", ["1", "1.0", "1.000(5)", ".", "?", "1.0005"])
def test_an_occupancy_that_says_nothing_else_is_one(occupancy: str):
    sites = ["Ca Ca 0 0 0 1", f"O O 0.5 0.5 0.5 {occupancy}"]
    assert read_one(cif(sites, symbol="F m -3 m", columns="label type x y z occupancy")) == ROCKSALT


@pytest.mark.parametrize(
    ("occupancy", "reason"),
    [
        ("1.02", "the occupancy of the site O is 1.02, expected 0 to 1"),
        ("-1", "the occupancy of the site O is -1, expected 0 to 1"),
        ("full", "the occupancy of the site O is 'full', expected a number"),
        ("0.98", "site 1 (O) is not fully occupied by one element: partial occupancy is not supported"),
    ],
)
def test_another_occupancy_is_the_reason(occupancy: str, reason: str):
    sites = ["Ca Ca 0 0 0 1", f"O O 0.5 0.5 0.5 {occupancy}"]
    assert reason_of(cif(sites, symbol="F m -3 m", columns="label type x y z occupancy")) == reason


def test_a_place_that_one_element_fills_in_parts_is_filled():
    columns = "label type x y z occupancy"
    same = ["Ca1 Ca 0 0 0 0.4", "Ca2 Ca 0 0 0 0.6", "O O .5 .5 .5 1"]
    assert read_one(cif(same, symbol="F m -3 m", columns=columns)) == ROCKSALT
    assert "partial occupancy" in reason_of(cif([same[0], *same[2:]], symbol="F m -3 m", columns=columns))
    shared = [same[0], "Mg Mg 0 0 0 0.6", same[2]]
    assert "partial occupancy" in reason_of(cif(shared, symbol="F m -3 m", columns=columns))
    full = ["Ca Ca 0 0 0 1", "Mg Mg 0 0 0 1", same[2]]
    assert "Ca and Mg share one place" in reason_of(cif(full, symbol="F m -3 m", columns=columns))


def test_a_site_that_holds_nothing_is_left_out():
    sites = ["Ca Ca 0 0 0 1", "O O .5 .5 .5 1", "F F .25 .25 .25 0"]
    assert read_one(cif(sites, symbol="F m -3 m", columns="label type x y z occupancy")) == ROCKSALT


@pytest.mark.parametrize("symbol", ["Ca", "Ca2+", "Ca+2", "CA", "ca", "Ca0+", "Ca1"])
def test_a_type_symbol_may_have_a_charge(symbol: str):
    assert read_one(cif([f"M1 {symbol} 0 0 0", "O O .5 .5 .5"], symbol="F m -3 m")) == ROCKSALT


@pytest.mark.parametrize(
    ("label", "is_refused"), [("Na1", True), ("Mg", True), ("M1", False), ("Cs1", False), ("B", False)]
)
def test_a_label_and_a_type_name_the_same_element(label: str, *, is_refused: bool):
    """B is a site of perovskites, and a label may go on behind the element's letter, as Ca of a carbon."""
    text = cif([f"{label} Ca 0 0 0", "O O .5 .5 .5"], symbol="F m -3 m")
    if is_refused:
        assert f"the site {label} is of Ca by its type" in reason_of(text)
    else:
        assert read_one(text) == ROCKSALT
    assert read_one(f"{text}\n_chemical_formula_sum 'Ca O'") == ROCKSALT


def test_each_type_of_atoms_has_a_site():
    types = "loop_\n_atom_type_symbol\nCa2+\nO2-\n"
    assert read_one(cif(symbol="F m -3 m", further=types)) == ROCKSALT
    text = cif(symbol="F m -3 m", further=types + "H")
    assert "the types of atoms hold H, of which no atom has a position" in reason_of(text)
    assert read_one(f"{text}\n_chemical_formula_sum 'Ca O'") == ROCKSALT


@pytest.mark.parametrize("label", ["Ca", "Ca1", "CA1", "ca", "Ca(1)", "CaM2"])
def test_a_label_begins_with_its_element(label: str):
    assert read_one(cif([f"{label} 0 0 0", "O1 .5 .5 .5"], symbol="F m -3 m", columns="label x y z")) == ROCKSALT


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("D", "isotope of hydrogen"),
        ("T", "isotope of hydrogen"),
        ("D1-", "isotope of hydrogen"),
        ("2H", "2H is an isotope"),
        ("6Li", "6Li is an isotope"),
        ("OH", "with hydrogen that has no position"),
        ("OH-", "with hydrogen that has no position"),
        ("OD", "with hydrogen that has no position"),
        ("D2O", "with hydrogen that has no position"),
        ("H2O", "with hydrogen that has no position"),
        ("Wat", "with hydrogen that has no position"),
        ("NH4", "with hydrogen that has no position"),
        ("Mg,Fe", "partial occupancy"),
        ("'0.5Mg + 0.5Fe'", "partial occupancy"),
        ("CO", "may begin with Co or with C"),
        ("X", "unknown element 'X'"),
        ("Qq", "unknown element 'Qq'"),
    ],
)
def test_a_type_that_is_no_element_is_the_reason(symbol: str, reason: str):
    assert reason in reason_of(cif(["Ca Ca 0 0 0", f"X1 {symbol} .5 .5 .5"], symbol="F m -3 m"))


def test_of_several_types_that_are_no_elements_the_first_is_the_reason():
    """It was any of them, so that a screening that was killed did not end with the same bytes."""
    sites = [f"X{place} {symbol} 0 0 .{place}" for place, symbol in enumerate(("Qz", "Qy", "Qx", "Qw", "Qv"), start=1)]
    assert "unknown element 'Qz'" in reason_of(cif(sites, symbol="P 1"))


@pytest.mark.parametrize("label", ["O-H", "OH", "OH1", "Wat", "OW1", "Ow"])
def test_a_label_of_hydroxyl_or_water_is_refused_where_no_hydrogen_has_a_place(label: str):
    sites = ["Ca 0 0 0", f"{label} .5 .5 .5"]
    assert "with hydrogen that has no position" in reason_of(cif(sites, symbol="F m -3 m", columns="label x y z"))
    with_type = ["Ca Ca 0 0 0", f"{label} O .5 .5 .5"]
    assert "with hydrogen that has no position" in reason_of(cif(with_type, symbol="F m -3 m"))
    formula = "_chemical_formula_sum 'Ca O'"
    assert read_one(cif(with_type, symbol="F m -3 m", further=formula)) == ROCKSALT


@pytest.mark.parametrize(
    "label",
    [
        *("HOH", "HOH1", "H-O-H", "Water1", "Wa", "aq1", "W1A", "W(1)", "O1_W", "O_water", "O1aq", "Aqua1", "O3(H2O)"),
        *("(OH)1", "HO1", "OHa", "O1(OH)", "O1_H", "Hyd1", "OHYD"),
        *("O1W", "O1w", "O(W)", "O-W", "O_w1", "O(w1)", "Owat", "W1", "Aq"),
        *("Oh1", "O1H", "O(H)", "O_H", "OHy", "Ohyd", "O2h", "O_OH"),
    ],
)
def test_such_a_label_of_an_oxygen_is_refused_in_any_spelling(label: str):
    sites = ["Ca Ca 0 0 0", f"{label} O .5 .5 .5"]
    assert "with hydrogen that has no position" in reason_of(cif(sites, symbol="F m -3 m"))
    assert read_one(cif(sites, symbol="F m -3 m", further="_chemical_formula_sum 'Ca O'")) == ROCKSALT


@pytest.mark.parametrize("label", ["O1", "O1A", "Oap", "Oeq2", "O1'", "O_br", "Ochalc", "Ophos", "OA", "Oxo"])
def test_other_labels_of_an_oxygen_are_no_water(label: str):
    assert read_one(cif(["Ca Ca 0 0 0", f'"{label}" O .5 .5 .5'], symbol="F m -3 m")) == ROCKSALT


@pytest.mark.parametrize("letters", ["GH", "gh"])
def test_a_series_of_labels_is_no_hydroxyl(letters: str):
    before, label = letters
    sites = ["Ca Ca 0 0 0", f"O1{before} O .5 .5 .5", f"O1{label} O .25 .25 .25"]
    assert read_one(cif(sites, symbol="F m -3 m"))[0] == "Ca4 O12"


@pytest.mark.parametrize("label", ["Oct", "Tet1", "Site1", "Cation1", "Hole", "Int", "Bond", "Du1"])
def test_a_label_that_is_a_word_names_no_element(label: str):
    """Oct was read as oxygen, Site1 as silicon, and Du1 as deuterium."""
    sites = [f"{label} 0 0 0", "O1 .5 .5 .5"]
    reason = f"the site {label!r} names no element"
    assert reason_of(cif(sites, symbol="F m -3 m", columns="label x y z")) == reason


def test_such_a_label_is_the_element_of_the_formula():
    sites = ["Cation 0 0 0", "Obr .5 .5 .5"]
    text = cif(sites, symbol="F m -3 m", columns="label x y z", further="_chemical_formula_sum 'Ca O'")
    assert read_one(text) == ROCKSALT


@pytest.mark.parametrize("label", ["2H", "3H1", "D", "T2"])
def test_a_label_of_an_isotope_is_refused_whatever_the_type(label: str):
    assert "is an isotope" in reason_of(cif(["Li Li 0 0 0", f"{label} H .5 .5 .5"], symbol="F m -3 m"))


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("calcium hydroxide", True),
        ("Calcium oxide dihydrate", True),
        ("ammonium oxide", True),
        ("calcium oxide (anhydrate)", False),
        ("dehydrated calcium oxide", False),
    ],
)
def test_hydrogen_of_a_name_needs_a_place(name: str, *, is_refused: bool):
    text = cif(["Ca Ca 0 0 0", "O O .5 .5 .5"], symbol="F m -3 m", further=f"_chemical_name_systematic '{name}'")
    if is_refused:
        assert f"the name {name!r} holds H, of which no atom has a position" in reason_of(text)
    else:
        assert read_one(text) == ROCKSALT
    assert read_one(f"{text}\n_chemical_formula_sum 'Ca O'") == ROCKSALT


def test_such_a_label_is_oxygen_where_hydrogen_has_a_place():
    sites = ["Ca 0 0 0", "OH1 0.3333 0.6667 0.234", "H1 0.3333 0.6667 0.428"]
    text = cif(sites, cell=(3.589, 3.589, 4.911, 90, 90, 120), symbol="P -3 m 1", columns="label x y z")
    assert read_one(text) == Crystal("Ca1 H2 O2", 2.25, 0.95, 164)


def test_water_is_told_from_the_hydrogen_atoms_of_an_oxygen():
    water = ["Ca 0 0 0", "H2O1 .5 .5 .5"]
    assert "with hydrogen that has no position" in reason_of(cif(water, symbol="F m -3 m", columns="label x y z"))
    atoms = ["O1 0 0 0", "H1O1 0.2 0 0", "H2O1 0 0.2 0"]
    found = read_one(cif(atoms, symbol="P 1", columns="label x y z"))
    assert found[0] == "H2 O1"


def test_two_capitals_are_one_element_or_two_by_the_formula():
    sites, columns = ["CO1 0 0 0", "O .5 .5 .5"], "label x y z"
    assert "may begin with Co or with C" in reason_of(cif(sites, symbol="F m -3 m", columns=columns))
    for formula, expected in {"Co O": "Co4 O4", "C O": "C4 O4"}.items():
        text = cif(sites, symbol="F m -3 m", columns=columns, further=f"_chemical_formula_sum '{formula}'")
        assert read_one(text)[0] == expected


def test_attached_hydrogen_has_no_position():
    sites = ["Ca Ca 0 0 0 0.0", "O O .5 .5 .5 1"]
    reason = reason_of(cif(sites, symbol="F m -3 m", columns="label type x y z attached"))
    assert reason.startswith("the site O has 1 hydrogen atoms attached")
    assert (
        read_one(
            cif(
                [" ".join([*site.split()[:-1], "."]) for site in sites],
                symbol="F m -3 m",
                columns="label type x y z attached",
            )
        )
        == ROCKSALT
    )


def test_a_series_of_labels_is_no_deuterium():
    assert read_one(cif(["Ca 0 0 0", "OD1 .5 .5 .5"], symbol="F m -3 m", columns="label x y z")) == ROCKSALT


@pytest.mark.parametrize("place", ["? ? ?", ". . .", "0.5 0.5 ?"])
def test_an_atom_without_a_place_is_the_reason(place: str):
    assert reason_of(cif(["Ca Ca 0 0 0", f"O7 O {place}"], symbol="F m -3 m")).startswith("the site O7 has no position")


@pytest.mark.parametrize("place", ["0.5 0.5 0.5", "0.500(2) 1/2 .5", "\u22120.5 0.5 1.5", "5.0E-1 +0.5 -.5"])
def test_coordinates_may_be_written_in_many_ways(place: str):
    assert read_one(cif(["Ca Ca 0 0 0", f"O O {place}"], symbol="F m -3 m")) == ROCKSALT


@pytest.mark.parametrize("third", ["0.33 0.67", "0.333 0.667", "0.3333 0.6667", "0.33333 0.66667", "1/3 2/3"])
def test_a_rounded_third_is_a_third(third: str):
    text = cif([f"Zn Zn {third} 0", f"O O {third} 0.382"], cell=WURTZITE, symbol="P 63 m c")
    assert read_one(text) == Crystal("Zn2 O2", 5.68, 1.97, 186)


def test_atoms_at_a_distance_from_a_special_position_stay_apart():
    text = cif(["Li Li 0.05 0 0"], cell=(6.0, 6.0, 6.0, *CUBIC), symbol="P m -3 m")
    assert read_one(text) == Crystal("Li6", 0.32, 0.42, 221)


@pytest.mark.parametrize(("groups", "is_refused"), [(("1", "2"), True), (("1", "1"), False), ((".", "1"), False)])
def test_alternatives_are_no_atoms_of_one_crystal(groups: tuple[str, str], is_refused: bool):
    sites = [f"Ca 0 0 0 {groups[0]}", f"O .5 .5 .5 {groups[1]}"]
    found = read_one(cif(sites, symbol="F m -3 m", columns="label x y z group"))
    assert ("alternatives of a disordered crystal" in found) if is_refused else (found == ROCKSALT)


@pytest.mark.parametrize(
    ("label", "symbol", "reason"),
    [
        ("Ca/Mg1", "Ca", "is not fully occupied by one element"),
        ("(Ca,Mg)", "Ca", "is not fully occupied by one element"),
        ("Ca0.5Mg0.5", "Ca", "is not fully occupied by one element"),
        ("Vac1", "Ca", "the site 'Vac1' is a vacancy by its label, and Ca by its type"),
        ("40Ca", "Ca", "40Ca by its label is an isotope"),
        ("7Li1", "Li", "7Li1 by its label is an isotope"),
    ],
)
def test_a_label_may_say_what_a_type_does_not(label: str, symbol: str, reason: str):
    assert reason in reason_of(cif([f"{label} {symbol} 0 0 0", "O O .5 .5 .5"], symbol="F m -3 m"))


def test_a_number_before_a_label_may_count_the_sites():
    sites = [*(f"{number}C C 0 0 {0.05 * number}" for number in (12, 13)), "14O O .5 .5 .5"]
    assert "12C by its label is an isotope" in reason_of(cif(sites))
    counted = ["1Ca Ca 0 0 0", "40Ca Ca .5 .5 .0", "3O O .5 .5 .5", "4O O 0 0 .5"]
    assert read_one(cif(counted)).formula == "Ca2 O2"
    assert read_one(cif(["Va V 0 0 0", "Vb V 0.5 0.5 0.5"])).formula == "V2"
