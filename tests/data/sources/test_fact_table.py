"""The project's own tables: what they hold, and how a corrupted one fails."""

import contextlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.molecule_structure_comparator import CovalentRadius
from pymatgen.core import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.data.record import Record
from paraisite.data.sources import half_heusler, togo15
from paraisite.data.sources.half_heusler import load_half_heusler
from paraisite.data.sources.togo15 import load_togo15
from paraisite.errors import DataError, MissingInputError

DATA = Path(__file__).parents[3] / "data"
SPACE_GROUPS = {"rocksalt": 225, "zincblende": 216, "wurtzite": 186, "half_heusler": 216}

TOGO15_HEADER = ",".join(togo15.COLUMNS)
TOGO15_ROW = "mp-1,Na,Cl,rocksalt,5.6,,,8.0"
WURTZITE_ROW = "mp-2,Ga,N,wurtzite,3.2,5.2,0.377,300"
HH143_HEADER = ",".join(half_heusler.COLUMNS)
HH143_ROW = "mp-3,Sn,Ti,Pt,6.2,7.0"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return load_togo15(DATA / togo15.FILE_NAME) + load_half_heusler(DATA / half_heusler.FILE_NAME)


def _shell(structure: Structure, site: int) -> list[tuple[str, float]]:
    """Return (element, distance) of the atoms within 10 % of the nearest one."""
    neighbours = structure.get_neighbors(structure[site], 5.0)
    nearest = min(neighbour.nn_distance for neighbour in neighbours)
    return [(n.specie.symbol, n.nn_distance) for n in neighbours if n.nn_distance < 1.1 * nearest]


def test_tables_hold_the_published_number_of_rows(records: list[Record]) -> None:
    counts = Counter(record.prototype for record in records)
    assert counts == {"rocksalt": 36, "wurtzite": 29, "zincblende": 30, "half_heusler": 143}
    assert len({record.material_id for record in records}) == 238


def test_togo15_has_the_log_statistics_of_the_design() -> None:
    log10_kappa = np.log10([1 + record.kappa_w_per_m_k for record in load_togo15(DATA / togo15.FILE_NAME)])
    assert log10_kappa.mean() == pytest.approx(1.440, abs=5e-4)
    assert log10_kappa.std() == pytest.approx(0.754, abs=5e-4)


def test_every_structure_has_its_prototypes_space_group(records: list[Record]) -> None:
    for record in records:
        number = SpacegroupAnalyzer(record.structure, symprec=1e-4).get_space_group_number()
        assert number == SPACE_GROUPS[str(record.prototype)], record


def test_every_atom_has_its_prototypes_coordination(records: list[Record]) -> None:
    expected = {"rocksalt": [6] * 2, "zincblende": [4] * 2, "wurtzite": [4] * 4, "half_heusler": [4, 4, 8]}
    for record in records:
        shells = [_shell(record.structure, site) for site in range(len(record.structure))]
        assert [len(shell) for shell in shells] == expected[str(record.prototype)], record
        for site, shell in zip(record.structure, shells, strict=True):
            assert all(symbol != site.specie.symbol for symbol, _ in shell), record


def test_nearest_distances_are_those_of_bonds(records: list[Record]) -> None:
    """0.79 (WFeSi) to 1.26 (LiH) times the sum of covalent radii: a swapped column or unit would leave this range."""
    for record in records:
        for number, site in enumerate(record.structure):
            symbol, distance = min(_shell(record.structure, number), key=lambda pair: pair[1])
            ratio = distance / (CovalentRadius.radius[site.specie.symbol] + CovalentRadius.radius[symbol])
            assert 0.75 < ratio < 1.3, (record, ratio)


def _write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_good_rows_load(tmp_path: Path) -> None:
    rocksalt, wurtzite = load_togo15(_write(tmp_path, TOGO15_HEADER, TOGO15_ROW, "", WURTZITE_ROW))
    assert (rocksalt.material_id, rocksalt.kappa_w_per_m_k, rocksalt.prototype) == ("mp-1", 8.0, "rocksalt")
    assert rocksalt.structure.volume == pytest.approx(5.6**3 / 4)
    assert wurtzite.structure.lattice.parameters == pytest.approx((3.2, 3.2, 5.2, 90, 90, 120))


def test_byte_order_mark_of_a_spreadsheet_is_accepted(tmp_path: Path) -> None:
    assert len(load_togo15(_write(tmp_path, "\ufeff" + TOGO15_HEADER, TOGO15_ROW))) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("mp-1,Na,Cl,rocksalt,5.6,,8.0", r"line 3: 7 cells, expected 8"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,8.0,9", r"line 3: 9 cells, expected 8"),
        ("1,Na,Cl,rocksalt,5.6,,,8.0", r"line 3: mp_id is '1', expected a form like mp-1234"),
        ("mp-2,Na,Cl,rocksalt,5.6,,,8.0", r"line 3 \(mp-2\): duplicate id, already used in .*line 2"),
        ("mp-1,Xx,Cl,rocksalt,5.6,,,8.0", r"\(mp-1\): cation: unknown element 'Xx'"),
        ("mp-1,Na,D,rocksalt,5.6,,,8.0", r"anion: D is an isotope"),
        ("mp-1,Na,Na,rocksalt,5.6,,,8.0", r"cation and anion are both Na"),
        (
            "mp-1,Na,Cl,perovskite,5.6,,,8.0",
            r"prototype is 'perovskite', expected one of rocksalt, wurtzite, zincblende",
        ),
        ("mp-1,Na,Cl,rocksalt,5.6,,,", r"kappa_w_per_m_k is '', expected a number"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,8;0", r"kappa_w_per_m_k is '8;0', expected a number"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,nan", r"kappa_w_per_m_k is nan, expected more than 0"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,inf", r"kappa_w_per_m_k is inf, expected more than 0"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,0", r"kappa_w_per_m_k is 0, expected more than 0"),
        ("mp-1,Na,Cl,rocksalt,5.6,,,-8", r"kappa_w_per_m_k is -8, expected more than 0"),
        ("mp-1,Na,Cl,rocksalt,56,,,8.0", r"a_angstrom is 56, expected more than 2 and at most 12"),
        ("mp-1,Na,Cl,rocksalt,0.56,,,8.0", r"a_angstrom is 0.56, expected more than 2"),
        ("mp-1,Na,Cl,rocksalt,5.6,5.6,,8.0", r"c_angstrom is 5.6, expected empty: rocksalt is cubic"),
        ("mp-1,Ga,N,zincblende,4.5,,0.377,300", r"u is 0.377, expected empty: zincblende is cubic"),
        ("mp-1,Ga,N,wurtzite,3.2,,0.377,300", r"c_angstrom is '', expected a number"),
        ("mp-1,Ga,N,wurtzite,3.2,7.0,0.377,300", r"c/a is 2.188, expected between 1.5 and 1.75"),
        ("mp-1,Ga,N,wurtzite,3.2,5.2,0.5,300", r"u is 0.5, expected within 0.02 of 0.375 or 0.625"),
    ],
)
def test_corrupted_togo15_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_togo15(_write(tmp_path, TOGO15_HEADER, WURTZITE_ROW, row))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("mp-3,Sn,Ti,Sn,6.2,7.0", r"sites hold Sn, Ti, Sn, expected three different elements"),
        ("mp-3,Sn,Ti,,6.2,7.0", r"\(mp-3\): site_4c: unknown element ''"),
        ("mp-3,Sn,Ti,Pt,620,7.0", r"a_angstrom is 620, expected more than 2 and at most 12"),
        ("mp-3,Sn,Ti,Pt,6.2,0.0", r"kappa_w_per_m_k is 0.0, expected more than 0"),
    ],
)
def test_corrupted_half_heusler_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_half_heusler(_write(tmp_path, HH143_HEADER, row))


@pytest.mark.parametrize("load", [load_togo15, load_half_heusler])
@pytest.mark.parametrize("header", ["", "mp_id;cation;anion", TOGO15_HEADER + ",extra", TOGO15_HEADER[3:]])
def test_other_columns_are_an_error(tmp_path: Path, load: Callable[[Path], list[Record]], header: str) -> None:
    with pytest.raises(DataError, match=r"table\.csv: columns are .*, expected mp_id,"):
        load(_write(tmp_path, header, TOGO15_ROW))


def test_swapped_columns_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="columns are mp_id,site_4b,site_4a"):
        load_half_heusler(_write(tmp_path, HH143_HEADER.replace("site_4a,site_4b", "site_4b,site_4a"), HH143_ROW))


def test_empty_file_and_header_without_rows_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="columns are nothing, expected mp_id"):
        load_togo15(_write(tmp_path, ""))
    with pytest.raises(DataError, match="no rows below the header"):
        load_togo15(_write(tmp_path, TOGO15_HEADER))


def test_absent_table_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"togo15\.csv not found: .*dvc pull data\.dvc"):
        load_togo15(tmp_path / "togo15.csv")


def test_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"\x1f\x8b\xff\x00")
    with pytest.raises(DataError, match="is not a CSV table in UTF-8"):
        load_togo15(path)


@given(content=st.text(max_size=200), where=st.integers(0, len(TOGO15_ROW)))
def test_no_edit_of_a_row_escapes_as_another_exception(
    tmp_path_factory: pytest.TempPathFactory, content: str, where: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.csv"
    path.write_text(
        f"{TOGO15_HEADER}\n{TOGO15_ROW[:where]}{content}{TOGO15_ROW[where:]}\n", encoding="utf-8", newline=""
    )
    with contextlib.suppress(DataError):
        assert all(0 < record.kappa_w_per_m_k <= 10_000 for record in load_togo15(path))
