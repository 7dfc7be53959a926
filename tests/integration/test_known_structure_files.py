"""Inputs that were once read as another crystal: the right value, or a reason."""

from pathlib import Path

import pytest

from tests.data.structure_files.texts import Crystal, read

RIGHT: dict[str, list[Crystal | str]] = {
    "cif_implicit_hydrogen/brucite.cif": ["hydrogen that has no position"],
    "cif_no_ops_P21n/LaPO4.cif": [Crystal("La4 P4 O16", 5.08, 1.52, 14)],
    "cif_no_ops_P21n/with_ops.cif": [Crystal("La4 P4 O16", 5.08, 1.52, 14)],
    "cif_no_ops_origin2/Si.cif": [Crystal("Si8", 2.33, 2.35, 227)],
    "cif_occupancy_dot/NaCl.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "cif_rhombohedral_no_ops/As.cif": [Crystal("As2", 5.78, 2.52, 166)],
    "cif_rhombohedral_no_ops/Bi2Te3_formula.cif": [Crystal("Bi2 Te3", 7.86, 3.02, 166)],
    "cif_symbol_unknown_taken_as_P1/full.cif": [Crystal("Mg4 O4", 3.58, 2.11, 225)],
    "cif_symbol_unknown_taken_as_P1/old_Fm3m.cif": [Crystal("Mg4 O4", 3.58, 2.11, 225)],
    "cif_symbol_unknown_taken_as_P1/none.cif": ["Z = 4 of Mg O, which makes 8"],
    "cif_two_blocks/published_first.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "cif_two_blocks/two.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225), "F d -3 m:1 (16 atoms), F d -3 m:2 (8 atoms)"],
    "deuterium/LiD.cif": ["isotope of hydrogen"],
    "deuterium/POSCAR": ["isotope of hydrogen"],
    "jsonl_no_formula_check/x.jsonl": [
        Crystal("Bi2 Te3", 7.86, 3.02, 166),
        "hydrogen that has no position",
        Crystal("Ni3 S2", 5.91, 2.25, 155),
    ],
    "messages/D.xyz": ["isotope of hydrogen"],
    "messages/POSCAR_D": [Crystal("Mg1 O1", 3.59, 2.1, 225)],
    "messages/POSCAR_comments": [Crystal("Mg1 O1", 3.59, 2.1, 225)],
    "messages/POSCAR_three_scales": [Crystal("Mg1 O1", 3.59, 2.1, 225)],
    "messages/XDATCAR": [Crystal("Mg1 O1", 3.59, 2.1, 225), Crystal("Mg1 O1", 3.59, 2.08, 44)],
    "messages/all_atoms_and_symmetry.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "messages/bom.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "messages/cse.json": ["a ComputedStructureEntry holds no structure"],
    "messages/data_in_text.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "messages/mgo.extxyz.gz": [Crystal("Mg1 O1", 3.59, 2.1, 225)],
    "messages/no_H.cif": ["holds H, of which no atom has a position"],
    "messages/occupancy_102.cif": ["the occupancy of the site Na is 1.02"],
    "messages/zero.cif": [Crystal("Na4 Cl4", 2.16, 2.82, 225)],
    "poscar_names_and_counts_differ/POSCAR": ["2 elements (Mg O) and 1 numbers of atoms (1)"],
    "poscar_negative_scale_cartesian/POSCAR": [Crystal("Mg4 O4", 3.59, 2.11, 225)],
    "vasp4_no_species/POSCAR": [Crystal("Mg1 O1", 3.59, 2.1, 225)],
    "hostile/hang_symop.cif": ["cannot be read: 5037 characters"],
    "hostile/symop9.cif": ["cannot be read: 5006 characters"],
    "hostile/n1e9.extxyz": ["the cell has 1000000000 atoms"],
    "hostile/singular.extxyz": ["the cell has no volume"],
    "hostile/z.extxyz": ["atomic number 500"],
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_is_read_right_or_refused(name: str, shared_cases: Path):
    path = shared_cases / name
    found, expected = read(path.read_bytes(), path.name), RIGHT[name]
    assert len(found) == len(expected)
    for one, right in zip(found, expected, strict=True):
        if isinstance(right, str):
            assert isinstance(one, str)
            assert right in one
        else:
            assert one == right
