"""Formats of pymatgen: what it leaves out of a file makes another crystal, and is refused."""

from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.structure_files.reading import parse_content, read_file, to_structure
from tests.data.structure_files.texts import Crystal, measure

SALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
RES = """TITL salt-1 0.0 184.22 -100.0 0 0 8 (Fm-3m) n - 1
CELL 1.54180 5.69 5.69 5.69 90 90 90
LATT -1
SFAC Na Cl
{atoms}
END
"""
ATOMS = [f"{site.specie.symbol} {1 + (site.specie.symbol == 'Cl')} {site.a} {site.b} {site.c} 1.0" for site in SALT]
XSF, CSSR, YAML = (SALT.to(fmt=kind) for kind in ("xsf", "cssr", "yaml"))
AIRSS = RES.format(atoms="\n".join(ATOMS))


def read(text: str, name: str, folder: Path) -> Crystal | str:
    (folder / name).write_text(text)
    return measure(to_structure(read_file(folder / name)[0].crystal))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xsf", XSF),
        ("a.cssr", CSSR),
        ("a.yaml", YAML),
        ("a.res", AIRSS),
        ("a.res", SALT.to(fmt="res")),
        ("a.res", AIRSS.replace(" 8 (Fm-3m)", " (P1)")),
    ],
)
def test_a_whole_file_is_read(name: str, text: str, tmp_path: Path):
    assert read(text, name, tmp_path) == Crystal("Na4 Cl4", 2.11, 2.85, 225)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("a.xsf", " 8 1\n", " 9 1\n", "8 atoms were read, while the file says 9"),
        ("a.xsf", "CRYSTAL", "SLAB", "not periodic in three directions (SLAB)"),
        ("a.xsf", "CRYSTAL", "DIM-GROUP\n2 1", "not periodic in three directions (DIM-GROUP)"),
        ("a.cssr", "\n8 0\n", "\n9 0\n", "8 atoms were read, while the file says 9"),
        ("a.cssr", "\n8 0\n", "\n8 1\n", "expected the number of atoms and 0, fractional coordinates"),
        ("a.cssr", "SPGR =  1 P 1", "SPGR = 225 F m -3 m", "the sites are those of the space group 225"),
        ("a.cssr", "SPGR =  1 P 1", "SPGR = F m -3 m", "the sites are those of the space group F m -3 m"),
        ("a.cssr", "0.5000", "5.0E-01", "atoms were read, while the file says 8"),
        ("a.res", ATOMS[3], ATOMS[3].replace("1.0", "0.5"), "the occupancy of the site Na is 0.5"),
        ("a.res", ATOMS[3] + "\n", "", "7 atoms were read, while the file says 8"),
        ("a.res", ATOMS[3], ATOMS[3].replace("Na 1", "Na 2"), "the site Na is of the element 2 of SFAC Na Cl"),
        ("a.res", "LATT -1", "LATT 4", "expected all atoms in P 1"),
        ("a.res", "184.22", "46.05", "the cell's volume is 184.2 Å³, while the file says 46.05"),
        ("a.res", "(Fm-3m)", "(Pm-3m)", "while the file says 221"),
        ("a.res", "SFAC", "ZERR 4 0 0 0 0 0 0\nSFAC", "a refinement of SHELX (ZERR)"),
        ("a.yaml", "occu: 1", "occu: true", "the bool 'True' stands where a number is expected"),
        ("a.yaml", "volume: 184", "volume: 46", "the cell's volume is 184"),
        ("a.yaml", "charge: 0.0", "lattice: {}", "found the key lattice again"),
        ("a.yaml", "charge: 0.0", "a: " + "[" * 50_000 + "]" * 50_000, "more than 20 levels of nesting"),
    ],
)
def test_what_a_file_says_is_compared(name: str, old: str, new: str, reason: str, tmp_path: Path):
    """Half-filled sites were taken for full ones, slabs for crystals, and sites of a symmetry for all atoms."""
    text = {"a.xsf": XSF, "a.cssr": CSSR, "a.yaml": YAML, "a.res": AIRSS}[name]
    assert old in text
    assert reason in str(read(text.replace(old, new, 1), name, tmp_path))


def test_an_upload_of_a_format_that_needs_a_file_says_so():
    """Each of its lines was called no line of JSON."""
    (found,) = parse_content(XSF, "a.xsf")
    assert "is read from a named file only" in str(found.crystal)
    assert measure(to_structure(parse_content(YAML, "a.yaml")[0].crystal)) == Crystal("Na4 Cl4", 2.11, 2.85, 225)
