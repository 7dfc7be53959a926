"""phono3py's results and inputs as a user's data."""

import lzma
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from phono3py import Phono3py
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core import Lattice, Structure

from paraisite.data.record import Record
from paraisite.data.sources import own_data, phono3py_cells
from paraisite.data.sources.own_records import ImportOptions
from paraisite.data.sources.phono3py_cells import read_cell
from paraisite.data.sources.phono3py_files import read_kappa
from paraisite.errors import DataError
from paraisite.labels import phono3py_run
from paraisite.labels.phono3py_run import compute_kappa

load_own_data = partial(own_data.load_own_data, compute_kappa=compute_kappa)
OPTIONS = ImportOptions(source="mine")
TEMPERATURES = np.array([0.0, 100.0, 300.0, 500.0])
TENSOR = np.array([30.0, 60.0, 90.0, 1.0, 2.0, 3.0])  # xx yy zz yz xz xy at 300 K, W/m/K

YAML = """phono3py:
  version: "4.10.0"

physical_unit:
  atomic_mass: "AMU"
  length: "{unit}"

primitive_cell:
  lattice:
  - [ 0.0, 2.845, 2.845 ] # a
  - [ 2.845, 0.0, 2.845 ] # b
  - [ 2.845, 2.845, 0.0 ] # c
  points:
  - symbol: Na # 1
    coordinates: [ 0.0, 0.0, 0.0 ]
    mass: 22.989769
  - symbol: Cl # 2
    coordinates: [ 0.5, 0.5, 0.5 ]
    mass: 35.453000

supercell:
  lattice: [[{not yaml
"""


def write_kappa(folder: Path, name: str = "kappa-m191919.hdf5", *, dataset: str = "kappa", **content: Any) -> None:
    """Write a result whose tensor at T kelvin is TENSOR * 300 / T."""
    folder.mkdir(parents=True, exist_ok=True)
    with np.errstate(divide="ignore"):
        tensors = np.outer(np.where(TEMPERATURES > 0, 300.0 / TEMPERATURES, 0.0), TENSOR)
    with h5py.File(folder / name, "w") as file:
        for key, value in ({"temperature": TEMPERATURES, dataset: tensors} | content).items():
            if value is not None:
                file[key] = value


def write_cell(folder: Path, name: str = "phono3py.yaml", unit: str = "angstrom") -> None:
    """Write a crystal as phono3py does; what follows its cells is never parsed."""
    content = YAML.replace("{unit}", unit).encode()
    (folder / name).write_bytes(lzma.compress(content) if name.endswith(".xz") else content)


def only(path: Path, options: ImportOptions = OPTIONS) -> Record:
    """Return the only record."""
    (record,), rejected = load_own_data(path, options)
    assert rejected == []
    return record


@pytest.mark.parametrize(
    "name", ["phono3py.yaml", "phono3py_disp.yaml", "phono3py_params.yaml", "phono3py_params.yaml.xz"]
)
def test_the_mean_of_the_diagonal_at_the_temperature_is_read(name: str, tmp_path: Path):
    write_kappa(tmp_path / "salt")
    write_cell(tmp_path / "salt", name)
    record = only(tmp_path / "salt")
    assert (record.material_id, record.kappa_w_per_m_k) == ("salt", pytest.approx(60.0))
    assert record.source == "mine (kappa-m191919.hdf5, kappa at 300 K)"
    assert record.structure.reduced_formula == "NaCl"
    assert record.structure.volume == pytest.approx(5.69**3 / 4)
    warm = only(tmp_path / "salt", ImportOptions(source="mine", temperature_kelvin=500.0))
    assert warm.kappa_w_per_m_k == pytest.approx(36.0)


def test_a_folder_per_crystal(tmp_path: Path):
    for name in ("a", "b/c"):
        write_kappa(tmp_path / name)
        write_cell(tmp_path / name)
    records, _ = load_own_data(tmp_path, OPTIONS)
    assert [record.material_id for record in records] == ["a", "b/c"]


def test_lengths_of_quantum_espresso_are_bohr(tmp_path: Path):
    write_cell(tmp_path, unit="au")
    assert read_cell(tmp_path).lattice.a == pytest.approx(2.845 * np.sqrt(2) * 0.529177, rel=1e-5)


def test_the_densest_whole_mesh_is_taken(tmp_path: Path):
    for name in ("kappa-m191919.hdf5", "kappa-m999.hdf5", "kappa-m777.hdf5"):
        write_kappa(tmp_path, name)
    write_kappa(tmp_path, "kappa-m313131-g17.hdf5")
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[1].startswith("kappa-m191919.hdf5")
    (tmp_path / "kappa-m191919.hdf5").unlink()
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[1].startswith("kappa-m999.hdf5")


def test_the_more_complete_solution_is_taken(tmp_path: Path):
    write_kappa(tmp_path, dataset="kappa_RTA")
    assert "kappa_RTA" in read_kappa(tmp_path, temperature_kelvin=300.0)[1]
    write_kappa(tmp_path, dataset="kappa_P_RTA", kappa_TOT_RTA=np.tile(TENSOR, (4, 1)) * 2)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(120.0)
    write_kappa(tmp_path, kappa_RTA=np.tile(TENSOR, (4, 1)) / 2)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(60.0)


WIGNER = {"kappa_TOT_exact": 144.0, "kappa_P_exact": 132.0, "kappa_TOT_RTA": 110.0, "kappa_P_RTA": 100.0}


@pytest.mark.parametrize(
    ("absent", "expected"),
    [
        ([], 144.0),
        (["kappa_TOT_exact"], 132.0),
        (["kappa_TOT_exact", "kappa_P_exact"], 110.0),
        (["kappa_TOT_exact", "kappa_P_exact", "kappa_TOT_RTA"], 100.0),
    ],
)
def test_the_exact_solution_comes_before_relaxation_times(absent: list[str], expected: float, tmp_path: Path):
    content = {name: np.full((4, 6), value) * [1, 1, 1, 0, 0, 0] for name, value in WIGNER.items()}
    write_kappa(tmp_path, **(content | {"kappa": None} | dict.fromkeys(absent)))
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(expected)


def test_the_densest_mesh_is_that_of_the_files_themselves(tmp_path: Path):
    write_kappa(tmp_path, "kappa-m995.hdf5", mesh=np.array([9, 9, 5]))
    write_kappa(tmp_path, "kappa-m18189.hdf5", mesh=np.array([18, 18, 9]), kappa=np.tile(TENSOR, (4, 1)) * 2)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(120.0)
    write_kappa(tmp_path, "kappa-m999.hdf5", mesh=np.array([31, 31, 31]), kappa=np.tile(TENSOR, (4, 1)) * 3)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(180.0)


def test_a_mesh_that_nothing_tells_is_refused_among_several(tmp_path: Path):
    write_kappa(tmp_path, "kappa-m18189.hdf5")
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(60.0)
    write_kappa(tmp_path, "kappa-m999.hdf5")
    with pytest.raises(DataError, match=r"the mesh of kappa-m18189\.hdf5 is not known"):
        read_kappa(tmp_path, temperature_kelvin=300.0)


def test_of_equal_meshes_the_exact_solution_is_taken(tmp_path: Path):
    write_kappa(tmp_path, "kappa-m999.rta.hdf5", kappa=np.tile(TENSOR, (4, 1)) * 3)
    write_kappa(tmp_path, "kappa-m999.hdf5", kappa_RTA=np.tile(TENSOR, (4, 1)) / 2)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[0] == pytest.approx(60.0)


def test_of_equal_meshes_the_tetrahedron_method_comes_before_smearing(tmp_path: Path):
    """The file whose name came last was taken."""
    write_kappa(tmp_path, "kappa-m999.hdf5")
    write_kappa(tmp_path, "kappa-m999-s0.1.hdf5", kappa=np.tile(TENSOR, (4, 1)) * 3)
    write_kappa(tmp_path, "kappa-m999.wide.hdf5", kappa=np.tile(TENSOR, (4, 1)) * 5, sigma=0.3)
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[1].startswith("kappa-m999.hdf5")


def test_between_equal_meshes_of_which_nothing_decides_none_is_taken(tmp_path: Path):
    write_kappa(tmp_path, "kappa-m777.hdf5")
    for name in ("kappa-m999-s0.1.hdf5", "kappa-m999-s0.2-sd3.hdf5"):
        write_kappa(tmp_path, name)
    with pytest.raises(DataError, match=r"kappa-m999-s0\.1\.hdf5, kappa-m999-s0\.2-sd3\.hdf5 have equally"):
        read_kappa(tmp_path, temperature_kelvin=300.0)
    (tmp_path / "kappa-m999-s0.2-sd3.hdf5").unlink()
    assert read_kappa(tmp_path, temperature_kelvin=300.0)[1].startswith("kappa-m999-s0.1.hdf5")


@pytest.mark.parametrize(("length_micrometre", "usable"), [(1.0, False), (1e6, True)])
def test_the_conductivity_of_a_small_sample_is_refused(length_micrometre: float, usable: bool, tmp_path: Path):
    write_cell(tmp_path)
    write_kappa(tmp_path, boundary_mfp=length_micrometre)
    records, rejected = load_own_data(tmp_path, OPTIONS)
    assert len(records) == usable
    assert [row.reason for row in rejected] == [
        "kappa-m191919.hdf5: boundary_mfp is 1 µm, a sample of that size, expected the crystal's own value"
    ] * (not usable)


def test_a_link_that_leads_through_another_file_is_refused(tmp_path: Path):
    write_kappa(tmp_path / "other", "numbers.hdf5")
    write_cell(tmp_path)
    write_kappa(tmp_path, kappa=None, through=h5py.ExternalLink("other/numbers.hdf5", "/"))
    with h5py.File(tmp_path / "kappa-m191919.hdf5", "a") as file:
        file["kappa"] = h5py.SoftLink("/through/kappa")
    assert "kappa is a link to another file" in load_own_data(tmp_path, OPTIONS)[1][0].reason


@pytest.mark.parametrize("name", ["kappa", "temperature"])
def test_numbers_of_another_file_are_refused(name: str, tmp_path: Path):
    write_kappa(tmp_path / "other", "numbers.hdf5")
    write_cell(tmp_path)
    write_kappa(tmp_path, **{name: h5py.ExternalLink("other/numbers.hdf5", name)})
    assert f"{name} is a link to another file" in load_own_data(tmp_path, OPTIONS)[1][0].reason
    layout = h5py.VirtualLayout(shape=(4, 6), dtype="f8")
    layout[:] = h5py.VirtualSource(tmp_path / "other" / "numbers.hdf5", "kappa", shape=(4, 6))
    write_kappa(tmp_path, kappa=None)
    with h5py.File(tmp_path / "kappa-m191919.hdf5", "a") as file:
        file.create_virtual_dataset("kappa", layout)
    assert "kappa is a link to another file" in load_own_data(tmp_path, OPTIONS)[1][0].reason


def test_a_crystal_of_an_isotope_is_refused(tmp_path: Path):
    write_kappa(tmp_path)
    (tmp_path / "phono3py.yaml").write_text(YAML.replace("{unit}", "angstrom").replace("35.453000", "36.965903"))
    assert "Cl of 36.97 u (the element has 35.45 u)" in load_own_data(tmp_path, OPTIONS)[1][0].reason


def test_one_smearing_width_is_read_and_several_are_refused(tmp_path: Path):
    write_cell(tmp_path)
    write_kappa(tmp_path, kappa=np.tile(TENSOR, (1, 4, 1)))
    assert only(tmp_path).kappa_w_per_m_k == pytest.approx(60.0)
    write_kappa(tmp_path, kappa=np.tile(TENSOR, (2, 4, 1)))
    assert "one smearing width only" in load_own_data(tmp_path, OPTIONS)[1][0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"kappa": None}, "lacks a conductivity (kappa_TOT_exact, kappa, "),
        ({"temperature": None}, "or temperature"),
        ({"kappa": np.full((4, 6), np.nan)}, "expected a positive number"),
        ({"kappa": -np.ones((4, 6))}, "expected a positive number"),
        ({"kappa": np.tile([110.0, 110.0, -110.0, 0, 0, 0], (4, 1))}, "the component zz is -110 W/m/K"),
        ({"kappa": np.tile([1.0, 1.0, 1.0, 0, 0, np.nan], (4, 1))}, "a component is not a finite number"),
        ({"kappa": np.tile([1.0, 1.0, 1.0, 0, 0, 2.0], (4, 1))}, "is -1 W/m/K in one direction"),
        ({"kappa": np.array(["a"] * 4, "S1")}, "kappa is no dataset of numbers"),
        ({"kappa": np.ones((200_000, 6))}, "expected at most 1000000"),
        ({"temperature": np.array([0.0, 100.0, 300.4, 500.0])}, "has no 300 K, but 0, 100, 300.4, 500"),
        ({"temperature": np.array([0.0, 300.0, 300.0, 500.0])}, "has 300 K 2 times with different values of kappa"),
        ({"kappa": np.ones((4, 3))}, r"has shape (4, 3), expected (4, 6)"),
        ({"temperature": np.array([0.0, 100.0, 299.0, 500.0])}, "has no 300 K, but 0, 100, 299, 500"),
    ],
)
def test_a_result_that_cannot_be_used_is_a_row_with_a_reason(content: dict[str, Any], reason: str, tmp_path: Path):
    write_cell(tmp_path)
    write_kappa(tmp_path, **content)
    records, (rejected,) = load_own_data(tmp_path, OPTIONS)
    assert records == []
    assert reason in rejected.reason


def test_broken_files_are_rows_with_reasons(tmp_path: Path):
    for name in ("good", "no_cell", "bad_cell", "other_cell", "furlong", "bad_kappa"):
        write_kappa(tmp_path / name)
        if name != "no_cell":
            write_cell(tmp_path / name, unit="furlong" if name == "furlong" else "angstrom")
    (tmp_path / "bad_cell" / "phono3py.yaml").write_text("a: [1\nb: }")
    (tmp_path / "other_cell" / "phono3py.yaml").write_text("- 1\n- 2\n")
    whole = (tmp_path / "bad_kappa" / "kappa-m191919.hdf5").read_bytes()
    (tmp_path / "bad_kappa" / "kappa-m191919.hdf5").write_bytes(whole[: len(whole) // 2])
    (record,), rejected = load_own_data(tmp_path, OPTIONS)
    assert record.material_id == "good"
    found = {item.material_id: item.reason for item in rejected}
    for name, text in {
        "no_cell": "which crystal are they of", "bad_cell": "no readable YAML", "other_cell": "neither primitive_cell",
        "furlong": "in 'furlong'", "bad_kappa": "no readable HDF5",
    }.items():  # fmt: skip
        assert text in found[name]


def test_a_poscar_beside_the_result_is_the_crystal(tmp_path: Path):
    write_kappa(tmp_path)
    (tmp_path / "POSCAR").write_text("x\n1\n4 0 0\n0 4 0\n0 0 4\nCs Cl\n1 1\ndirect\n0 0 0\n.5 .5 .5\n")
    assert only(tmp_path).structure.reduced_formula == "CsCl"


def argon(path: Path, *, forces: bool) -> None:
    """Write phono3py's input for solid argon under a Lennard-Jones potential."""
    basis = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    cell = PhonopyAtoms(symbols=["Ar"] * 4, cell=np.eye(3) * 5.25, scaled_positions=basis)
    phonons = Phono3py(cell, np.eye(3, dtype=int) * 2, "F")
    phonons.generate_displacements(distance=0.03, cutoff_pair_distance=4.0)
    if forces:
        potential = LennardJones(sigma=3.4, epsilon=0.0104, rc=5.2, smooth=True)
        found = []
        for moved in phonons.supercells_with_displacements:
            if moved is None:
                found.append(np.zeros((32, 3)))
                continue
            atoms = Atoms(moved.symbols, positions=moved.positions, cell=moved.cell, pbc=True, calculator=potential)
            found.append(atoms.get_forces())
        phonons.forces = np.array(found)
    phonons.save(path)


def test_without_a_result_the_conductivity_is_computed_from_the_forces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(phono3py_run, "MESH_LENGTH_ANGSTROM", 20.0)
    argon(tmp_path / "phono3py_params.yaml", forces=True)
    record = only(tmp_path)
    assert "computed by phono3py from phono3py_params.yaml, mesh" in record.source
    assert 0.01 < record.kappa_w_per_m_k < 1.0
    assert record.structure.reduced_formula == "Ar"


def test_without_forces_there_is_a_reason(tmp_path: Path):
    argon(tmp_path / "phono3py_params.yaml", forces=False)
    _, (rejected,) = load_own_data(tmp_path, OPTIONS)
    assert "phono3py cannot compute a conductivity from phono3py_params.yaml: it holds no forces" in rejected.reason


def test_cells_that_unpack_to_gigabytes_are_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A few kilobytes of xz can hold what no machine can; what follows the cells is as large as it likes."""
    monkeypatch.setattr(phono3py_cells, "_MAX_HEAD_BYTES", 10_000)
    path = tmp_path / "phono3py_params.yaml.xz"
    path.write_bytes(lzma.compress(YAML.replace("{unit}", "angstrom").encode() + b"force_constants:\n" + b" " * 10**6))
    assert read_cell(tmp_path).reduced_formula == "NaCl"
    path.write_bytes(lzma.compress(b" " * 10**6 + YAML.encode()))
    with pytest.raises(DataError, match=r"the cells take more than the 0\.01 MB expected at most"):
        read_cell(tmp_path)


@pytest.mark.parametrize("name", ["POSCAR", "salt.cif", "phono3py.yaml"])
def test_files_that_hold_different_crystals_are_a_reason(name: str, tmp_path: Path):
    """Only the first file was read: a conductivity could become that of another crystal."""
    write_kappa(tmp_path)
    write_cell(tmp_path, "phono3py_disp.yaml")
    content = (tmp_path / "phono3py_disp.yaml").read_text()
    same = Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    other = Lattice.cubic(5.69), ["K", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    if name.endswith(".yaml"):
        (tmp_path / name).write_text(content)
        assert only(tmp_path).structure.reduced_formula == "NaCl"
        (tmp_path / name).write_text(content.replace("symbol: Na # 1", "symbol: K").replace("22.989769", "39.0983"))
    else:
        Structure.from_spacegroup("Fm-3m", *same).to(str(tmp_path / name))
        assert only(tmp_path).structure.reduced_formula == "NaCl"
        Structure.from_spacegroup("Fm-3m", *other).to(str(tmp_path / name))
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert f"phono3py_disp.yaml and {name} hold different crystals: " in rejected.reason


def test_displaced_supercells_and_what_cannot_be_read_are_no_other_crystals(tmp_path: Path):
    write_kappa(tmp_path)
    write_cell(tmp_path)
    displaced = Structure(Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.3, 0.5, 0.5]])
    displaced.to(str(tmp_path / "POSCAR-00001"), fmt="poscar")
    (tmp_path / "CONTCAR").write_text("")
    (tmp_path / "notes.json").write_text('{"functional": "PBEsol"}')
    assert only(tmp_path).structure.reduced_formula == "NaCl"


DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize("head", [f"a: {DEEP}\n", "- " * 50_000 + "1\n", "a: &a [1]\n" + "b: [*a]\n" * 2])
def test_hostile_yaml_is_a_row_with_a_reason(head: str, tmp_path: Path):
    """Deep nesting overflowed the parser's stack, which ended the import without a word."""
    write_kappa(tmp_path / "bad")
    (tmp_path / "bad" / "phono3py.yaml").write_text(head + YAML.replace("{unit}", "angstrom"))
    write_kappa(tmp_path / "good")
    write_cell(tmp_path / "good")
    (record,), (rejected,) = load_own_data(tmp_path, OPTIONS)
    assert (record.material_id, rejected.material_id) == ("good", "bad")
    assert "phono3py.yaml is no readable YAML file" in rejected.reason


@pytest.mark.parametrize("tail", [f"forces: {DEEP}\n", "- " * 50_000 + "1\n", " " * 300 + "a: 1\n"])
def test_deep_nesting_behind_the_cells_is_a_row_with_a_reason(tail: str, tmp_path: Path):
    for name, content in (("phono3py_params.yaml", bytes), ("phono3py_params.yaml.xz", lzma.compress)):
        path = tmp_path / name
        path.write_bytes(content(("\n" * (1 << 20) + YAML.replace("{unit}", "angstrom") + tail).encode()))
        with pytest.raises(DataError, match="is nested too deeply"):
            compute_kappa(tmp_path, temperature_kelvin=300.0)
        path.unlink()


@pytest.mark.parametrize("mesh", [[1e200] * 3, [19.5] * 3, [np.nan] * 3, [20_000] * 3, [-19, -19, 19]])
def test_a_mesh_that_is_none_leaves_open_which_file_is_densest(mesh: Any, tmp_path: Path):
    """A mesh of 1e200 points along an axis ended the import."""
    write_cell(tmp_path)
    write_kappa(tmp_path, mesh=mesh)
    write_kappa(tmp_path, "kappa-m212121.hdf5")
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert "the mesh of kappa-m191919.hdf5 is not known" in rejected.reason


def test_a_dataset_in_larger_pieces_than_it_holds_is_refused(tmp_path: Path):
    """HDF5 makes room for the whole piece, 3 GB here, however few numbers there are."""
    write_cell(tmp_path)
    write_kappa(tmp_path, kappa=None)
    with h5py.File(tmp_path / "kappa-m191919.hdf5", "a") as file:
        shape = {"shape": (4, 6), "maxshape": (None, None), "chunks": (20_000, 20_000)}
        file.create_dataset("kappa", dtype="f8", compression="gzip", **shape)
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert "is packed in pieces of more than the 16 MB" in rejected.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[ 0.5, 0.5, 0.5 ]", "[ yes, yes, no ]", "the bool 'True' stands where a number is expected"),
        ("[ 0.5, 0.5, 0.5 ]", "['0.5', 0.5, 0.5]", "the str '0.5' stands where a number is expected"),
        ("symbol: Na", "symbol: No", "a species is the bool 'False', expected an element's symbol"),
        ("    mass: 35.453000", "    symbol: Br", "found the key symbol again"),
        ("supercell:", "primitive_cell: 1\nsupercell:", "found the key primitive_cell again"),
        ("primitive_cell:", 'space_group: {type: "Pm-3m", number: 221}\nprimitive_cell:', "while the file says 221"),
    ],
)
def test_a_cell_that_is_written_in_another_way_is_refused(old: str, new: str, reason: str, tmp_path: Path):
    write_kappa(tmp_path)
    (tmp_path / "phono3py.yaml").write_text(YAML.replace("{unit}", "angstrom").replace(old, new))
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert reason in rejected.reason


def test_the_primitive_cell_is_that_of_the_unit_cell(tmp_path: Path):
    """Where a file holds both, the unit cell was not looked at."""
    start, end = YAML.index("primitive_cell:"), YAML.index("supercell:")
    unit_cell = YAML[start:end].replace("primitive_cell:", "unit_cell:")
    write_kappa(tmp_path)
    path = tmp_path / "phono3py.yaml"
    whole = YAML.replace("{unit}", "angstrom")
    path.write_text(whole.replace("supercell:", unit_cell + "supercell:"))
    assert only(tmp_path).structure.reduced_formula == "NaCl"
    path.write_text(whole.replace("supercell:", unit_cell.replace("2.845", "3.1") + "supercell:"))
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert "the primitive cell is not that of the unit cell" in rejected.reason


def test_a_crystal_of_another_number_of_atoms_than_the_bands_is_refused(tmp_path: Path):
    """A crystal that lay beside the results was believed to be theirs."""
    write_cell(tmp_path)
    write_kappa(tmp_path, frequency=np.ones((5, 6)))
    assert only(tmp_path).structure.reduced_formula == "NaCl"
    write_kappa(tmp_path, frequency=np.ones((5, 15)))
    (rejected,) = load_own_data(tmp_path, OPTIONS)[1]
    assert "is of a cell with 15 phonon bands" in rejected.reason
