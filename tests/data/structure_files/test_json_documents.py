"""JSON of pymatgen, OPTIMADE and the Materials Project: read, or named."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

from tests.data.structure_files.texts import Crystal, read, read_one, reason_of

LIME = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.811), ["Ca", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
ROCKSALT = Crystal("Ca4 O4", 3.34, 2.41, 225)
STRUCTURE = LIME.as_dict()
SPECIES = [{"name": name, "chemical_symbols": [name], "concentration": [1.0]} for name in ("Ca", "O")]
ATTRIBUTES = {
    "lattice_vectors": LIME.lattice.matrix.tolist(),
    "cartesian_site_positions": LIME.cart_coords.tolist(),
    "species_at_sites": [site.specie.symbol for site in LIME],
    "species": SPECIES,
    "nsites": 8,
    "chemical_formula_reduced": "CaO",
    "dimension_types": [1, 1, 1],
    "structure_features": [],
}
RESOURCE = {"type": "structures", "id": "x/1", "attributes": ATTRIBUTES}
SUMMARY = {
    "material_id": "mp-0",
    "formula_pretty": "CaO",
    "nsites": 8,
    "volume": LIME.volume,
    "density": 3.34,
    "symmetry": {"number": 225, "symbol": "Fm-3m"},
    "structure": STRUCTURE,
}
ENTRY = {
    "@class": "ComputedStructureEntry",
    "energy": -1.0,
    "composition": {"Ca": 4, "O": 4},
    "data": {},  # as pymatgen writes it, and no server's answer
    "structure": STRUCTURE,
}
LISTS = {
    "lattice_angstrom": LIME.lattice.matrix.ravel().tolist(),
    "species": ["Ca"] * 4 + ["O"] * 4,
    "fractional_coordinates": LIME.frac_coords.ravel().tolist(),
}


@pytest.mark.parametrize(
    "document",
    [
        STRUCTURE,
        ENTRY,
        SUMMARY,
        LISTS,
        {"structure": json.dumps(STRUCTURE)},
        {"structure": LIME.to(fmt="cif")},
        {"cif": LIME.to(fmt="cif"), "formula": "CaO"},
        {"data": [SUMMARY], "meta": {}},
        {"data": [RESOURCE], "meta": {}},
        {"data": RESOURCE},
        RESOURCE,
        ATTRIBUTES,
        ATTRIBUTES | {"species": None},
    ],
)
def test_documents_that_hold_a_crystal_are_read(document: Any):
    assert read_one(json.dumps(document), "x.json") == ROCKSALT
    assert read_one(json.dumps(document)) == ROCKSALT


def test_each_document_of_a_list_is_a_crystal():
    assert read(json.dumps([STRUCTURE, SUMMARY, {"a": 1}]))[:2] == [ROCKSALT, ROCKSALT]
    second = "item 2 of the list is the int '5', expected a crystal"
    assert read(json.dumps([STRUCTURE, 5, SUMMARY])) == [ROCKSALT, second, ROCKSALT]
    lines = "".join(json.dumps(one) + "\n" for one in (STRUCTURE, ENTRY, [1]))
    assert read(lines) == [ROCKSALT, ROCKSALT, "expected an object with a crystal in each line of JSON"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"@class": "ComputedEntry", "energy": 1.0}, "found a ComputedEntry"),
        ({"@class": "ComputedStructureEntry", "structure": {}}, "a ComputedStructureEntry holds no structure"),
        ({"@class": "Molecule", "sites": []}, "found a Molecule"),
        ({"errors": [], "meta": {}}, "found a document with errors, meta"),
        ({"data": []}, "the JSON holds a list of 0"),
        ({"data": [{"type": "references", "id": "1"}]}, "found a document with type, id"),
        ([[1]], "item 1 of the list is a list of 1"),
        (5, "the JSON holds the int '5'"),
        (None, "the JSON holds nothing"),
    ],
)
def test_what_holds_none_is_named(document: Any, reason: str):
    assert reason in reason_of(json.dumps(document), "x.json")


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 50_000, json.dumps(STRUCTURE) + "x", '{"a": '])
def test_damaged_json_is_a_reason(text: str):
    assert reason_of(text, "x.json").startswith("not a readable structure: ")


def site(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["sites"][0].update(changes)


def cell(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["lattice"].update(changes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (site(abc=[True, False, False]), "the bool 'True' stands where a number is expected"),
        (site(abc=["0", "0", "0"]), "the str '0' stands where a number is expected"),
        (site(abc=[10**400, 0, 0]), "too large"),
        (site(abc=[0.1, 0, 0]), "the fractional and the Cartesian coordinates of site 0 are 0.481 Å apart"),
        (site(abc=[0.0, 0.0]), "2 numbers in a list, expected 3"),
        (site(species={"Ca": 1}), "the species of site 0 are a document with Ca"),
        (site(species=[{"element": {"Ca": 1}, "occu": 1}]), "expected an element and its occupancy"),
        (site(species=[{"element": "Ca", "occu": True}]), "the bool 'True'"),
        (site(species=[{"element": "Ca", "occu": 0.5}]), "partial occupancy"),
        (site(species=[{"element": "D", "occu": 1}]), "isotope of hydrogen"),
        (site(species=[{"element": "Qq", "occu": 1}]), "unknown element 'Qq'"),
        (site(properties={"implicit_hydrogens": 1}), "hydrogen atoms without a position"),
        (site(properties={"isotope": 44}), "Ca of 44 u (the element has 40.08 u) is an isotope"),
        (site(properties={"mass": 43.955}), "Ca of 43.95 u (the element has 40.08 u) is an isotope"),
        (site(properties={"isotope": "44Ca"}), "Ca of site 0 with isotope '44Ca' is an isotope"),
        (cell(matrix=[[True, 0, 0], [0, 4, 0], [0, 0, 4]]), "the bool 'True'"),
        (cell(matrix=[[4, 0, 0], [0, 4, 0]]), "the cell has 6 numbers"),
        (cell(a=5.0), "the cell's a is 4.811 by its vectors, while the file says 5"),
        (cell(alpha=60, volume=None), "the cell's alpha is 90° by its vectors, while the file says 60"),
        (cell(matrix=[[4.811, 0], [0, 0, 4.811, 0], [0, 0, 4.811]]), "2 numbers in a list, expected 3"),
        (cell(volume=27.8), "the cell's volume is 111.4 by its vectors"),
        (lambda document: document.update(sites=[]), "there are no atoms"),
        (lambda document: document["sites"][0].pop("abc"), "'abc' is missing"),
    ],
)
def test_values_of_another_kind_are_refused(change: Callable[[dict[str, Any]], None], reason: str):
    document = copy.deepcopy(STRUCTURE)
    change(document)
    assert reason in reason_of(json.dumps(document))
    assert reason in reason_of(json.dumps({"id": "x", "structure": document}))


@pytest.mark.parametrize("properties", [{"isotope": None}, {"isotope": 0}, {"isotope": 40}, {"mass": 40.078}])
def test_the_mass_of_the_element_is_no_isotope(properties: dict[str, Any]):
    document = copy.deepcopy(STRUCTURE)
    document["sites"][0]["properties"] = properties
    assert read_one(json.dumps(document)) == ROCKSALT


def test_oxidation_states_play_no_part():
    charged = LIME.copy()
    charged.add_oxidation_state_by_element({"Ca": 2, "O": -2})
    assert read_one(json.dumps(charged.as_dict())) == ROCKSALT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"formula_pretty": "CaO2"}, "its atoms make Ca4 O4, which is not the formula that it names, Ca O2"),
        ({"nsites": 2}, "8 atoms were read, while the file says 2"),
        ({"volume": 27.8}, "the cell's volume is 111.4 Å³, while the file says 27.8"),
        ({"density": 1.0}, "a density of 3.34 g/cm³, while the file says 1"),
        ({"symmetry": {"symbol": "Pm-3m"}}, "have the space group 225, while the file says 221"),
        ({"symmetry": None, "spacegroup_number": 221}, "have the space group 225, while the file says 221"),
        ({"symmetry": None, "spacegroup": "Pm-3m"}, "have the space group 225, while the file says 221"),
        ({"symmetry": None, "spacegroup": "221"}, "have the space group 225, while the file says 221"),
        (
            {"symmetry": None, "space_group": {"symbol": "P m -3 m"}},
            "have the space group 225, while the file says 221",
        ),
        ({"symmetry": {"symbol": "Pm-3m", "number": 225}}, "several space groups are named: 221, 225"),
        ({"nsites": "2"}, "8 atoms were read, while the file says 2"),
        ({"nsites": None, "num_sites": 2}, "8 atoms were read, while the file says 2"),
        ({"volume": "27.8"}, "the cell's volume is 111.4 Å³, while the file says 27.8"),
        ({"elements": "Ca, S"}, "its atoms are of Ca-O, while the elements are said to be Ca-S"),
        ({"symmetry": None, "spacegroup": 221}, "have the space group 225, while the file says 221"),
        ({"formula_pretty": "CaO\u2082"}, "which is not the formula that it names, Ca O2"),
        ({"formula_anonymous": "AB2"}, "are there as 1:1, while its formula without elements says 1:2"),
        ({"symmetry": {"number": 221}}, "have the space group 225, while the file says 221"),
        (
            {"structure": STRUCTURE | {"lattice": STRUCTURE["lattice"] | {"pbc": [True, True, False]}}},
            "not periodic in three directions",
        ),
        ({"composition": {"Ca": 1.0, "O": 2.0}}, "two formulas are given, Ca O and Ca O2"),
        ({"elements": ["Ca", "S"]}, "its atoms are of Ca-O, while the elements are said to be Ca-S"),
        ({"chemsys": "Ca-O-S"}, "its atoms are of Ca-O, while the elements are said to be Ca-O-S"),
        ({"chemsys": "Ca-S", "elements": ["Ca", "O"]}, "elements and chemsys name different elements"),
        ({"nelements": 3}, "its atoms are of Ca-O, while the number of elements is said to be 3"),
    ],
)
def test_what_stands_beside_a_structure_is_compared(changes: dict[str, Any], reason: str):
    assert reason in reason_of(json.dumps(SUMMARY | changes))


@pytest.mark.parametrize("group", ["P1", "P 1", 1, "cubic", "?", "", {"symbol": "Fm-3m"}, "F m -3 m", "225"])
def test_a_space_group_that_agrees_or_says_nothing_is_no_reason(group: Any):
    """Programs that list all atoms write P 1."""
    assert read_one(json.dumps({"structure": STRUCTURE, "spacegroup": group})) == ROCKSALT


def test_two_descriptions_of_one_density_are_compared_by_distance():
    """Zinc blende has the formula and density of rock salt with the same cell."""
    blende = Structure.from_spacegroup("F-43m", LIME.lattice, ["Ca", "O"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    row = {"structure": LIME.to(fmt="poscar"), "cif": blende.to(fmt="cif")}
    assert "its nearest atoms are 2.41 Å apart, and those of the other 2.08 Å" in reason_of(json.dumps(row))
    assert "its nearest atoms" in reason_of(json.dumps({"structure": row["structure"], "CIF": row["cif"]}))
    assert read_one(json.dumps(row | {"cif": LIME.get_primitive_structure().to(fmt="cif")})) == ROCKSALT


def test_numbers_of_another_cell_are_no_reason():
    assert read_one(json.dumps({"structure": STRUCTURE, "volume": 27.8, "density": 3.0, "formula": ""})) == ROCKSALT


@pytest.mark.parametrize(
    "beside", [{"elements": ["O", "Ca"], "chemsys": "Ca-O", "nelements": 2}, {"elements": 2, "chemsys": "oxides"}]
)
def test_elements_that_agree_or_are_written_in_another_way_are_no_reason(beside: dict[str, Any]):
    assert read_one(json.dumps({"structure": STRUCTURE} | beside)) == ROCKSALT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lattice_angstrom": [True] * 9}, "the bool 'True'"),
        ({"species": ["Ca"] * 7 + [{"O": 1}]}, "a species is a document with O"),
        ({"species": "CaCaCaCaOOOO"}, "expected a list of symbols"),
        ({"species": ["Ca"] * 4 + ["D"] * 4}, "isotope of hydrogen"),
        ({"formula": "CaO2"}, "is not the formula that it names"),
        ({"formula": "CaD"}, "D is an isotope"),
        ({"fractional_coordinates": [0.0] * 23}, "23 coordinates for 8 atoms"),
        ({"fractional_coordinates": [[0.0] * 2, [0.0] * 4] + [[0.0] * 3] * 6}, "2 numbers in a list, expected 3"),
    ],
)
def test_plain_lists_are_looked_at_as_closely(changes: dict[str, Any], reason: str):
    assert reason in reason_of(json.dumps(LISTS | changes)) or reason in reason_of(
        json.dumps(LISTS | {"species": ["Ca"] * 4 + ["H"] * 4} | changes)
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nsites": 7}, "8 atoms were read, while the file says 7"),
        ({"chemical_formula_reduced": "CaO2"}, "is not the formula that it names"),
        ({"chemical_formula_hill": "CaO2"}, "two formulas are given, Ca O and Ca O2"),
        ({"chemical_formula_anonymous": "A2B"}, "while its formula without elements says 1:2"),
        ({"elements": ["Ca", "O"], "elements_ratios": [0.3, 0.7]}, "the elements' ratios are not those of the formula"),
        ({"fractional_site_positions": [[0.1, 0, 0]] * 8}, "the Cartesian and the fractional positions of site 0 are"),
        ({"fractional_site_positions": [[0, 0, 0]]}, "1 fractional positions for 8 sites"),
        ({"species": [*SPECIES, SPECIES[0] | {"chemical_symbols": ["Mg"]}]}, "two species of one name"),
        ({"space_group_symbol_hermann_mauguin": "P m -3 m"}, "while the file says 221"),
        ({"space_group_symbol_hall": "-P 4 2 3"}, "while the file says 221"),
        ({"space_group_it_number": 221}, "while the file says 221"),
        ({"structure_features": ["disorder"]}, "partial occupancy"),
        ({"structure_features": ["implicit_atoms"]}, "atoms without a position"),
        ({"dimension_types": [1, 1, 0]}, "not periodic in three directions"),
        ({"nperiodic_dimensions": 2}, "not periodic in three directions"),
        (
            {"chemical_formula_reduced": None, "chemical_formula_descriptive": "Ca(OH)2"},
            "holds H, of which no atom has a position",
        ),
        ({"species_at_sites": ["Ca"] * 8}, "O"),
        ({"elements": ["Ca", "S"]}, "while the elements are said to be Ca-S"),
        ({"nelements": 3}, "while the number of elements is said to be 3"),
        (
            {"chemical_formula_reduced": None, "elements": ["Ca", "O"], "elements_ratios": [1 / 3, 2 / 3]},
            "is not the formula that it names",
        ),
        ({"species": [SPECIES[0] | {"mass": [47.95]}, SPECIES[1]]}, "Ca of 47.95 u (the element has 40.08 u)"),
        ({"species": [SPECIES[0], SPECIES[1] | {"attached": ["H"], "nattached": [1]}]}, "atoms attached"),
        ({"species": [SPECIES[0], SPECIES[1] | {"chemical_symbols": ["X"]}]}, "no chemical element"),
        (
            {"species": [SPECIES[0], SPECIES[1] | {"chemical_symbols": ["O", "vacancy"], "concentration": [0.9, 0.1]}]},
            "partial occupancy",
        ),
    ],
)
def test_optimade_says_more_than_places(changes: dict[str, Any], reason: str):
    assert reason in reason_of(json.dumps(ATTRIBUTES | changes))


LARGER = STRUCTURE | {
    "lattice": Lattice.cubic(6).as_dict(),
    "sites": [{**site, "xyz": None} for site in STRUCTURE["sites"]],
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(STRUCTURE)[:-1] + ', "lattice": ' + json.dumps(LARGER["lattice"]) + "}",
        json.dumps({"structure": json.dumps(STRUCTURE)[:-1] + ', "sites": []}'}),
        '{"structure": ' + json.dumps(LARGER) + ', "\\u0073tructure": ' + json.dumps(STRUCTURE) + "}",
        json.dumps(STRUCTURE).replace('"abc": [0.0,', '"abc": [0.5, 0.0, 0.0], "abc": [0.0,', 1),
        json.dumps(STRUCTURE)[:-1] + ', "note\\u003a": 1, "charge": 1, "charge": NaN}',
        json.dumps(STRUCTURE)[:-1] + ', "note": "\\u003a", "other": 1, "other": 0}',
    ],
)
def test_a_key_that_stands_there_twice_with_different_values_is_refused(text: str):
    """Any reader takes the last of them: half of a damaged document was read without a word."""
    assert "stands there twice, with different values" in reason_of(text)


def test_a_key_that_is_repeated_with_its_value_says_nothing_else():
    assert read_one(json.dumps(STRUCTURE)[:-1] + ', "charge": 0, "charge": 0, "note": "a: b"}') == ROCKSALT
    nested = '{"a": ' * 400 + "1" + "}" * 400  # deeper than it is written again to count keys
    assert read_one(json.dumps(STRUCTURE)[:-1] + f', "note": {nested}}}') == ROCKSALT


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"structure": LARGER} | LISTS, "the row's structure is not that of its lattice_angstrom"),
        ({"structure": LARGER} | STRUCTURE, "the row's structure is not that of its sites"),
        (RESOURCE | {"structure": LARGER}, "the row's attributes is not that of its structure"),
        (
            LISTS | {"cif": LIME.copy().apply_strain(0.1).to(fmt="cif")},
            "the row's lattice_angstrom is not that of its CIF",
        ),
        (LISTS | {"structure": STRUCTURE, "cif": "no CIF", "formula": "CaO2"}, "is not the formula that it names"),
    ],
)
def test_what_describes_two_crystals_is_refused(document: dict[str, Any], reason: str):
    assert reason in reason_of(json.dumps(document))


def test_what_describes_one_crystal_in_several_ways_is_read():
    empty = {"lattice_angstrom": [], "species": [], "fractional_coordinates": []}
    for beside in (LISTS, RESOURCE, {"cif": LIME.to(fmt="cif")}, empty):
        assert read_one(json.dumps({"structure": STRUCTURE, "formula": "CaO"} | beside)) == ROCKSALT
