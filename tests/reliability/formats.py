"""Files of every format that the project reads, each undamaged, and what a reader makes of them."""

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ase import Atoms
from ase.io import read as read_atoms
from ase.io import write as write_atoms
from pymatgen.core.structure import Structure
from pymatgen.entries.computed_entries import ComputedStructureEntry
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifParser, CifWriter
from pymatgen.io.vasp import Poscar

from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.config import load_config
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record, Rejection
from paraisite.data.snapshot import MATERIALS_FILE, Snapshot
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.own_data import load_own_data
from paraisite.data.sources.own_records import ImportOptions
from paraisite.data.structure_files.reading import read_file, to_structure
from paraisite.data.validation import validate_structure
from paraisite.errors import ParaisiteError, StructureError
from paraisite.graphs.cache import load_or_build
from paraisite.inference.predictor import Predictor
from paraisite.labels import campaign
from paraisite.labels.campaign import CampaignPart, read_parts, read_plan, run_campaign
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet_interop import read_published_model, write_megnet_model
from paraisite.screening.output import PLAN_FILE
from paraisite.screening.records import read_chunk
from paraisite.screening.sources import open_source
from paraisite.training.checkpoint import TrainingState
from paraisite.training.recipe_result import RecipeResult
from tests.active_learning.screenings import screened_table
from tests.data.sources.test_phono3py_files import write_cell, write_kappa
from tests.graphs.crystals import diamond, perovskite, rocksalt, wurtzite
from tests.inference.known_predictors import tiny_predictor
from tests.pipeline import ROOT
from tests.reliability.scenarios import PoolOfOne
from tests.screening.materials import json_lines
from tests.synthetic_result import make_ensemble, make_result

REFUSED: Final = "refused: "
"""Begins what stands for a crystal, row or file that has a reason instead of a value."""


@dataclass(frozen=True)
class FileKind:
    """A format.

    Attributes:
        write: Writes an undamaged sample into an empty folder, the same each time; returns the files to be damaged.
        read: Returns what is read from the folder, a text for each crystal, row or file.
        is_text: Whether it is damaged as text, too.
        is_sealed: Whether all damage to values is found, by a digest: then another value is a failure.
        check: Another package's reader, for the same texts: another value that it does not find is a failure.
    """

    write: Callable[[Path, int], list[Path]]
    read: Callable[[Path], list[str]]
    is_text: bool = True
    is_sealed: bool = False
    check: Callable[[Path], list[str]] | None = None


def crystals() -> tuple[Structure, ...]:
    """Return the samples."""
    return rocksalt(5.64), diamond(5.65, ("Ga", "As")), wurtzite(), perovskite()


def describe(crystal: CrystalArrays | Structure | str) -> str:
    """Return a text that is the same for the same crystal, to 1e-4 of lengths and places."""
    if isinstance(crystal, CrystalArrays):
        crystal = to_structure(crystal)
    try:
        if not isinstance(crystal, str):
            crystal = validate_structure(crystal)
    except StructureError as error:
        crystal = str(error)
    if isinstance(crystal, str):
        return REFUSED + crystal
    places = sorted((site.specie.symbol, *(np.round(site.frac_coords % 1.0, 4) % 1.0).tolist()) for site in crystal)
    return f"{crystal.formula} {np.round(crystal.lattice.parameters, 3).tolist()} {places}"


def _symmetric_cif(structure: Structure) -> str:
    return str(CifWriter(structure, symprec=0.01))


def _plain_cif(structure: Structure) -> str:
    return str(CifWriter(structure))


def _optimade(structure: Structure) -> str:
    attributes = {
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "cartesian_site_positions": structure.cart_coords.tolist(),
        "species_at_sites": [site.specie.symbol for site in structure],
        "species": [
            {"name": symbol, "chemical_symbols": [symbol], "concentration": [1.0]}
            for symbol in sorted({site.specie.symbol for site in structure})
        ],
        "nsites": len(structure),
        "nperiodic_dimensions": 3,
        "dimension_types": [1, 1, 1],
        "structure_features": [],
    }
    return json.dumps({"id": "x", "type": "structures", "attributes": attributes}, indent=1)


def _entry(structure: Structure) -> str:
    return json.dumps(ComputedStructureEntry(structure, -1.0, entry_id="x").as_dict(), indent=1)


def _xdatcar(structure: Structure) -> str:
    frames = [AseAtomsAdaptor.get_atoms(each) for each in (structure, structure.copy())]
    frames[1].positions[1] += 0.1
    text = StringIO()
    write_atoms(text, [Atoms(frame) for frame in frames], format="vasp-xdatcar")
    return text.getvalue()


def _write_text(name: str, make: Callable[[Structure], str], folder: Path, sample: int) -> list[Path]:
    path = folder / name
    content = make(crystals()[sample % 4]).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return [path]


def _read_structures(folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    return [describe(found.crystal) for found in read_file(path)]


def _read_by_pymatgen(folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    return [describe(each) for each in CifParser(path).parse_structures(primitive=False)]


def _read_by_ase(file_format: str, folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    return [describe(AseAtomsAdaptor.get_structure(each)) for each in read_atoms(path, index=":", format=file_format)]


def _write_frames(name: str, folder: Path, _sample: int) -> list[Path]:
    frames = [AseAtomsAdaptor.get_atoms(structure) for structure in crystals()]
    write_atoms(folder / name, [Atoms(frame) for frame in frames], format="extxyz")
    return [folder / name]


def _write_lines(name: str, folder: Path, _sample: int) -> list[Path]:
    content = json_lines(crystals())
    (folder / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    return [folder / name]


def _write_table(folder: Path, sample: int) -> list[Path]:
    if sample % 2:
        table = pa.table({"material_id": list("abcd"), "structure": [_symmetric_cif(each) for each in crystals()]})
    else:
        columns: dict[str, list[Any]] = {
            "material_id": list("abcd"),
            "lattice_angstrom": [each.lattice.matrix.tolist() for each in crystals()],
            "species": [[site.specie.symbol for site in each] for each in crystals()],
            "fractional_coordinates": [each.frac_coords.tolist() for each in crystals()],
        }
        table = pa.table(columns)
    pq.write_table(table, folder / "rows.parquet")
    return [folder / "rows.parquet"]


def _read_source(folder: Path) -> list[str]:
    (path,) = folder.iterdir()
    rows = (row for chunk in open_source(path).chunks(2) for row in read_chunk(chunk))
    return [REFUSED + row.reason if isinstance(row, Rejection) else describe(row.arrays) for row in rows]


def _write_own(folder: Path, _sample: int) -> list[Path]:
    for number, structure in enumerate(crystals()):
        structure.to(str(folder / f"{number}.cif"))
    rows = "".join(f"{number}.cif,{number + 7.5},note {number}\n" for number in range(4))
    (folder / "values.csv").write_text(f"file,kappa_w_per_m_k,note\n{rows}")
    return [folder / "values.csv"]


def _write_phono3py(folder: Path, sample: int) -> list[Path]:
    write_kappa(folder)
    write_cell(folder)
    return [folder / ("phono3py.yaml" if sample % 2 else "kappa-m191919.hdf5")]


def _read_own(folder: Path) -> list[str]:
    def compute(folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
        raise ParaisiteError(f"{folder} has no conductivity at {temperature_kelvin} K")

    records, rejections = load_own_data(folder, ImportOptions("mine"), compute_kappa=compute)
    accepted = [f"{record.kappa_w_per_m_k:.6g} {describe(record.structure)}" for record in records]
    return accepted + [REFUSED + rejection.reason for rejection in rejections]


def _write_settings(folder: Path, _sample: int) -> list[Path]:
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    return [folder / "params.yaml"]


def _write_ensemble(folder: Path, _sample: int) -> list[Path]:
    make_ensemble(None, n_member=2).save(folder / "ensemble.safetensors")
    return [folder / "ensemble.safetensors"]


def _read_ensemble(folder: Path) -> list[str]:
    ensemble = Ensemble.load(folder / "ensemble.safetensors")
    values = {name: array.tobytes().hex() for name, array in ensemble.parameters.items()}
    return [f"{ensemble.config} {ensemble.target} {ensemble.unit} {ensemble.metadata} {values}"]


def _write_state(folder: Path, _sample: int) -> list[Path]:
    TrainingState.fresh(np.linspace(0.0, 1.0, 60, dtype=np.float32).reshape(2, 30)).save(folder / "state.safetensors")
    return [folder / "state.safetensors"]


def _read_state(folder: Path) -> list[str]:
    state = TrainingState.load(folder / "state.safetensors")
    if state is None:
        return [REFUSED + "damaged, training starts over"]
    return [f"{name} {np.asarray(value).tobytes().hex()}" for name, value in asdict(state).items()]


def _write_predictor(folder: Path, sample: int) -> list[Path]:
    tiny_predictor().write(folder)
    files = sorted(folder.iterdir())
    return [files[sample % len(files)]]


def _read_predictor(folder: Path) -> list[str]:
    predictor = Predictor.load(folder)
    return [f"{predictor.digest} {predictor.calibration_set is not None}"]


def _label(item: int, _calculator: object) -> list[dict[str, Any]]:
    return [{"candidate_id": f"c-{item}", "energy": item / 7, "reason": "" if item else "no minimum"}]


def _write_campaign(folder: Path, sample: int) -> list[Path]:
    campaign.WorkerPool = PoolOfOne  # type: ignore[assignment, misc]
    campaign.load_calculator = lambda _: None
    parts = [CampaignPart(f"part-0000{number}", number) for number in range(3)]
    run_campaign(parts, _label, folder=folder, plan={"a": 1}, potential="", n_process=1, on_part=lambda **_: None)
    return [folder / ("part-00001.parquet" if sample % 3 else campaign.PLAN_FILE)]


def _read_campaign(folder: Path) -> list[str]:
    plan = {key: value for key, value in read_plan(folder).items() if key != campaign.VERSIONS}
    return [json.dumps(plan), *read_parts(folder).to_json(orient="records", lines=True).splitlines()]


def _write_dataset(folder: Path, sample: int) -> list[Path]:
    records = [Record(f"m-{n}", each, n + 1.5, None, "mine") for n, each in enumerate(crystals())]
    build_dataset("mine", records).save(folder)
    Snapshot.of(folder, MATERIALS_FILE, n_row=4, source="mine", query="own").save(folder)
    files = sorted(folder.iterdir())
    return [files[sample % len(files)]]


def _read_dataset(folder: Path) -> list[str]:
    Snapshot.load(folder)
    dataset = Dataset.load(folder)
    values = dataset.table.to_json(orient="records", lines=True).splitlines()
    return [f"{value} {describe(each)}" for value, each in zip(values, dataset.structures, strict=True)]


def _write_screening(folder: Path, sample: int) -> list[Path]:
    rows = screened_table(folder)
    parts = sorted(rows.folder.glob("part-*.parquet"))
    return [[*parts, rows.folder / PLAN_FILE][sample % (len(parts) + 1)]]


def _read_screening(folder: Path) -> list[str]:
    rows = ScreenedRows.open(folder / "screened", open_source(folder / "crystals.parquet"))
    return [line for batch in rows.batches() for line in batch.to_json(orient="records", lines=True).splitlines()]


def _write_result(folder: Path, sample: int) -> list[Path]:
    make_result("RWTG15", seeds=(1, 2), n_row=8, n_epoch=2).save(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [files[sample % len(files)]]


def _read_result(folder: Path) -> list[str]:
    result = RecipeResult.load(folder)
    tables = (result.curves, result.predictions, result.metrics, result.dataset.table)
    return [f"{table.to_json(orient='split')} {result.parameters} {result.best_epoch.to_json()}" for table in tables]


def _write_aflux(folder: Path, sample: int) -> list[Path]:
    rows = [
        {
            "compound": "".join(sorted(each.formula.split())),
            "auid": f"aflow:{number}",
            "geometry": list(each.lattice.parameters),
            "species": sorted({site.specie.symbol for site in each}, key=[s.specie.symbol for s in each].index),
            "composition": [int(n) for n in each.composition.get_el_amt_dict().values()],
            "positions_fractional": each.frac_coords.tolist(),
            "agl_thermal_conductivity_300K": number + 2.5,
        }
        for number, each in enumerate(crystals())
    ]
    text = json.dumps(rows) if sample % 2 else "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "aflow.jsonl").write_text(text)
    return [folder / "aflow.jsonl"]


def _read_aflux(folder: Path) -> list[str]:
    records, rejections = load_aflow(folder / "aflow.jsonl")
    accepted = [f"{record.kappa_w_per_m_k:.6g} {describe(record.structure)}" for record in records]
    return accepted + [REFUSED + rejection.reason for rejection in rejections]


def _write_graphs(folder: Path, _sample: int) -> list[Path]:
    _read_graphs(folder)
    return list(folder.iterdir())


def _read_graphs(folder: Path) -> list[str]:
    """Return what the cache gives: built again where it is damaged."""
    graphs, rejected = load_or_build(
        crystals(), list("abcd"), cutoff_angstrom=4.0, distance_tolerance_angstrom=1e-3, folder=folder
    )
    return [f"{graphs.bond_distance_angstrom.tobytes().hex()} {graphs.atomic_number.tolist()} {rejected}"]


def _write_megnet(folder: Path, sample: int) -> list[Path]:
    write_megnet_model(folder / "member.hdf5", make_ensemble(None, n_member=1))
    return [folder / ("member.hdf5.json" if sample % 3 == 0 else "member.hdf5")]


def _read_megnet(folder: Path) -> list[str]:
    model = read_published_model(folder / "member.hdf5")
    values = {name: array.tobytes().hex() for name, array in model.parameters.items()}
    return [f"{model.config} {model.target} {model.unit} {values}"]


def _text(name: str, make: Callable[[Structure], str]) -> FileKind:
    check = _CHECKS.get(name)
    return FileKind(partial(_write_text, name, make), _read_structures, is_text=not name.endswith(".gz"), check=check)


_CHECKS: Final[dict[str, Callable[[Path], list[str]]]] = {
    "a.cif": _read_by_pymatgen,
    "POSCAR": partial(_read_by_ase, "vasp"),
    "XDATCAR": partial(_read_by_ase, "vasp-xdatcar"),
}


KINDS: Final[dict[str, FileKind]] = {
    "CIF with symmetry": _text("a.cif", _symmetric_cif),
    "CIF, all atoms": _text("a.cif", _plain_cif),
    "CIF, gzip": _text("a.cif.gz", _symmetric_cif),
    "POSCAR": _text("POSCAR", lambda structure: str(Poscar(structure))),
    "XDATCAR": _text("XDATCAR", lambda structure: _xdatcar(structure)),
    "extended XYZ": FileKind(partial(_write_frames, "a.extxyz"), _read_structures),
    "JSON, pymatgen": _text("a.json", lambda structure: json.dumps(structure.as_dict(), indent=1)),
    "JSON, entry": _text("a.json", _entry),
    "JSON, OPTIMADE": _text("a.json", _optimade),
    "JSON lines": FileKind(partial(_write_lines, "a.jsonl"), _read_source),
    "JSON lines, gzip": FileKind(partial(_write_lines, "a.jsonl.gz"), _read_source, is_text=False),
    "extended XYZ, screened": FileKind(partial(_write_frames, "a.extxyz"), _read_source),
    "parquet": FileKind(_write_table, _read_source, is_text=False),
    "values (CSV)": FileKind(_write_own, _read_own),
    "phono3py": FileKind(_write_phono3py, _read_own),
    "settings": FileKind(_write_settings, lambda folder: [repr(load_config(folder / "params.yaml"))]),
    "ensemble": FileKind(_write_ensemble, _read_ensemble, is_text=False, is_sealed=True),
    "checkpoint": FileKind(_write_state, _read_state, is_text=False, is_sealed=True),
    "predictor": FileKind(_write_predictor, _read_predictor, is_text=False, is_sealed=True),
    "campaign": FileKind(_write_campaign, _read_campaign, is_text=False),
    "screening": FileKind(_write_screening, _read_screening, is_text=False, is_sealed=True),
    "result of a training": FileKind(_write_result, _read_result, is_text=False),
    "AFLUX's records": FileKind(_write_aflux, _read_aflux),
    "cache of graphs": FileKind(_write_graphs, _read_graphs, is_text=False, is_sealed=True),
    "MEGNet's HDF5": FileKind(_write_megnet, _read_megnet, is_text=False),
    "data set": FileKind(_write_dataset, _read_dataset, is_text=False, is_sealed=True),
}
