"""Crystals by id, formula or file."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.active_learning.criteria import CIF
from paraisite.artifacts.candidate_lists import write_candidates
from paraisite.artifacts.crystal_lookup import find_crystal
from paraisite.errors import ConfigError, MissingInputError, StructureError
from paraisite.schema import MATERIAL_ID, ROW
from tests.active_learning.screenings import crystals, screened_table
from tests.graphs.crystals import rocksalt


def listed(folder: Path) -> Path:
    (folder / "structures").mkdir(parents=True)
    rocksalt(5.0, ("K", "F")).to(str(folder / "structures" / "3-KF.cif"), fmt="cif")
    pd.DataFrame({MATERIAL_ID: ["rocksalt:K-F"], CIF: ["3-KF.cif"]}).to_csv(folder / "candidates.csv", index=False)
    return folder


def test_a_candidate_is_found_by_its_id(tmp_path: Path) -> None:
    found = find_crystal("rocksalt:K-F", listed(tmp_path / "list"))
    assert (found.name, found.formula) == ("rocksalt:K-F", "KF")


def test_an_id_that_looks_like_a_formula_is_found_as_it_was_given(tmp_path: Path) -> None:
    """In the table it has a quote in front, so that no spreadsheet runs it."""
    material_id = '=HYPERLINK("http://evil","KF")'
    rows = pd.DataFrame({ROW: [0], MATERIAL_ID: [material_id], CIF: ["0-KF.cif"]})
    write_candidates(tmp_path, "candidates.csv", rows, {0: rocksalt(5.0, ("K", "F"))})
    assert pd.read_csv(tmp_path / "candidates.csv")[MATERIAL_ID][0] == f"'{material_id}"
    assert find_crystal(material_id, tmp_path).formula == "KF"


def test_a_row_of_a_screening_is_found_by_its_id(tmp_path: Path) -> None:
    screened = screened_table(tmp_path)
    found = find_crystal("GaAs", screened.folder)
    assert not isinstance(found.found, str)
    assert found.found.matches(crystals()[3])


@pytest.mark.parametrize("what", ["mp-1265", "MgO"])
def test_togo15_is_known_by_id_and_by_formula(what: str, tmp_path: Path) -> None:
    found = find_crystal(what, tmp_path)
    assert (found.name, found.formula) == ("mp-1265", "MgO")


def test_a_formula_of_several_crystals_asks_for_an_id(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Togo15 has 2 crystals of GaN: name one of mp-"):
        find_crystal("GaN", tmp_path)


def test_one_of_several_crystals_of_a_file_is_found_by_its_number(tmp_path: Path) -> None:
    """Screenings and predictions name them so."""
    path = tmp_path / "two.cif"
    salts = [rocksalt(4.2, ("Mg", "O")), rocksalt(5.0, ("K", "F"))]
    path.write_text("".join(salt.to(fmt="cif") for salt in salts))
    assert [find_crystal(f"{path}#{number}", None).formula for number in (1, 2)] == ["MgO", "KF"]
    assert find_crystal(f"{path}#2", None).name == "two#2"
    with pytest.raises(ConfigError, match=r"two\.cif holds 2 crystals: name one, as two\.cif#1"):
        find_crystal(str(path), None)
    for number in (0, 3):
        with pytest.raises(ConfigError, match=rf"holds 2 crystals, and no number {number}"):
            find_crystal(f"{path}#{number}", None)


def test_a_file_wins_and_has_to_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "MgO.cif"
    rocksalt(4.2, ("Mg", "O")).to(str(path), fmt="cif")
    assert find_crystal(str(path), None).name == "MgO"
    path.write_text("no crystal")
    with pytest.raises(StructureError, match=r"MgO.cif: not a readable structure file"):
        find_crystal(str(path), None)


def test_what_is_nowhere_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"nor an id in .*, nor an id or formula of Togo15"):
        find_crystal("mp-0", tmp_path)
