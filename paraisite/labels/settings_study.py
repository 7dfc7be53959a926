"""Which settings reproduce published conductivities, and what each setting does: compounds, variants, rows.

Published values: matbench-discovery's conductivities of 103 compounds (300 K; relaxed under the potential;
displacements of 0.03 Å of one or two atoms in fixed supercells; isotopes; mesh 19³), Pota et al., arXiv 2408.00755.
Cells where relaxation starts: phonondb's. The PBE reference has Born charges, the potentials have none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from ase.build import bulk
from pymatgen.core.structure import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.labels.conductivity import compute_lattice_conductivity, solve
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.phonon_settings import (
    FORMER,
    LABELS,
    PUBLISHED,
    PUBLISHED_WURTZITE,
    PhononSettings,
)
from paraisite.schema import KAPPA_POTENTIAL, REASON

PUBLISHED_KAPPA: Final[Mapping[str, Mapping[str, float]]] = {
    "PBE": {
        "AlSb": 80.0, "BP": 401.5, "MgO": 47.93, "GaAs": 32.14, "NaCl": 7.2135, "AlAs": 88.37,
        "InP": 79.70, "ZnS": 34.03, "CdTe": 6.8908, "PbTe": 0.9841, "GaN": 180.37, "ZnO": 51.876,
    },
    "7net-l3i5": {
        "AlSb": 31.15, "BP": 45.38, "MgO": 45.89, "GaAs": 26.20, "NaCl": 8.0216, "AlAs": 58.29,
        "InP": 44.91, "ZnS": 33.38, "CdTe": 5.9805, "PbTe": 1.4956, "GaN": 168.33, "ZnO": 49.291,
    },
    "nequix-mp-1-pft": {
        "AlSb": 91.28, "BP": 321.75, "MgO": 45.73, "GaAs": 30.83, "NaCl": 6.7484, "AlAs": 103.86,
        "InP": 57.25, "ZnS": 37.38, "CdTe": 6.4415, "PbTe": 1.2777, "GaN": 180.04, "ZnO": 54.885,
    },
}  # fmt: skip
"""W/m/K at 300 K, by potential (PBE: the reference) and compound."""

POTENTIALS: Final = ("nequix-mp-1-pft", "7net-l3i5")
"""Those whose conductivities this project has computed and ships."""

_CUBIC: Final = {
    "AlSb": ("zincblende", 6.2326), "BP": ("zincblende", 4.5464), "MgO": ("rocksalt", 4.2557),
    "GaAs": ("zincblende", 5.75), "NaCl": ("rocksalt", 5.69), "AlAs": ("zincblende", 5.73), "InP": ("zincblende", 5.96),
    "ZnS": ("zincblende", 5.45), "CdTe": ("zincblende", 6.6251), "PbTe": ("rocksalt", 6.5715),
}  # fmt: skip
_WURTZITE: Final = {"GaN": (3.2185, 5.2430, 0.3766), "ZnO": (3.2872, 5.3046, 0.3791)}
COMPOUNDS: Final = (*_CUBIC, *_WURTZITE)

AS_LABELS: Final = "labels"
AS_PUBLISHED: Final = "published"
FITTED: Final = "published, fitted to random displacements"
WITH_CHARGES: Final = "labels, with Born charges"
WITHOUT_CHARGES: Final = "labels, with Born charges of zero"
"""The pair shows what charges do: with either, velocities are differences of frequencies."""

_FITTED: Final = replace(PUBLISHED, cubic_scheme="random", cubic_opposites="always")

VARIANTS: Final[Mapping[str, PhononSettings]] = {
    AS_LABELS: LABELS,
    WITH_CHARGES: LABELS,
    WITHOUT_CHARGES: LABELS,
    AS_PUBLISHED: PUBLISHED,
    FITTED: _FITTED,
    "fitted, without opposites": replace(_FITTED, cubic_opposites="never", equations_per_constant=2.5),
    "fitted, 216 atoms for second order": replace(_FITTED, harmonic_supercell=(3, 3, 3)),
    "fitted, 64 atoms for second order": replace(_FITTED, harmonic_supercell=(2, 2, 2)),
    "fitted, 2 equations per constant": replace(_FITTED, equations_per_constant=2.0),
    "fitted, triplets up to 6 Å": replace(_FITTED, cubic_cutoff_angstrom=6.0),
    "fitted, displacements of 0.01 Å": replace(
        _FITTED, harmonic_displacement_angstrom=0.01, cubic_displacement_angstrom=0.01
    ),
    "fitted, not relaxed": replace(_FITTED, relaxes=False),
    "fitted, residual forces subtracted": replace(_FITTED, subtracts_residual=True),
    "fitted, without isotopes": replace(_FITTED, scatters_isotopes=False),
    "fitted, without coherences": replace(_FITTED, has_coherence=False),
    "fitted, mesh 9": replace(_FITTED, mesh=(9, 9, 9)),
    "fitted, mesh 15": replace(_FITTED, mesh=(15, 15, 15)),
    "fitted, origin not averaged": replace(_FITTED, averages_origin=False),
    "former": FORMER,
}
"""Settings by name: what labels and published values are computed with, then one change at a time."""

STUDIED: Final = "AlSb"
"""The compound whose conductivity the former settings had wrong by a factor of two, and which all variants are for."""


@dataclass(frozen=True)
class Polarity:
    """What a potential cannot give.

    Attributes:
        born_charge: Of the cation, in units of the elementary charge.
        dielectric: High-frequency dielectric constant.
    """

    born_charge: float
    dielectric: float


POLARITIES: Final = {
    "AlSb": Polarity(1.83, 10.2), "MgO": Polarity(1.97, 2.96), "GaAs": Polarity(2.18, 10.9),
    "NaCl": Polarity(1.10, 2.33), "AlAs": Polarity(2.11, 8.2), "InP": Polarity(2.55, 9.6),
    "ZnS": Polarity(2.03, 5.1), "CdTe": Polarity(2.35, 7.1), "PbTe": Polarity(6.5, 32.8),
}  # fmt: skip
"""Of cubic compounds, measured: high-frequency dielectric constants and charges by the splitting of optical modes; for
PbTe and MgO as much as theory gives. Source: Madelung, Semiconductors: Data Handbook (2004); Lucovsky, Martin and
Burstein, PRB 4, 1367 (1971), 10.1103/PhysRevB.4.1367; Waghmare et al., PRB 67, 125111 (2003),
10.1103/PhysRevB.67.125111."""


def list_studies(compounds: tuple[str, ...] = COMPOUNDS) -> list[tuple[str, str]]:
    """Return compound and variant of every row: labels' and published settings for all, all variants for one.

    Systematic displacements are as many as symmetry asks for: hundreds for wurtzite, where they are left out.
    """
    rows = [(compound, AS_LABELS) for compound in compounds]
    pairs = (WITH_CHARGES, WITHOUT_CHARGES)
    rows += [(compound, variant) for compound in compounds if compound in POLARITIES for variant in pairs]
    rows += [(compound, FITTED) for compound in compounds]
    rows += [(STUDIED, variant) for variant in VARIANTS if (STUDIED, variant) not in rows]
    return rows


def build_compound(formula: str) -> Structure:
    """Return the cell where the relaxation of a compound starts."""
    if formula in _CUBIC:
        prototype, a_angstrom = _CUBIC[formula]
        atoms = bulk(formula, prototype, a=a_angstrom)
    else:
        a_angstrom, c_angstrom, internal = _WURTZITE[formula]
        atoms = bulk(formula, "wurtzite", a=a_angstrom, c=c_angstrom, u=internal)
    return AseAtomsAdaptor.get_structure(atoms)


def find_settings(compound: str, variant: str) -> PhononSettings:
    """Return a variant's settings; those of wurtzites have the published protocol's own supercells and mesh."""
    settings = VARIANTS[variant]
    if compound in _WURTZITE and settings.harmonic_supercell == PUBLISHED.harmonic_supercell:
        protocol = PUBLISHED_WURTZITE
        return replace(
            settings,
            harmonic_supercell=protocol.harmonic_supercell,
            cubic_supercell=protocol.cubic_supercell,
            mesh=protocol.mesh,
        )
    return settings


def study_settings(item: tuple[str, str], calculator: Any) -> list[dict[str, Any]]:
    """Return the row of a compound and a variant: conductivity and cost, or the reason why there is none."""
    compound, variant = item
    row: dict[str, Any] = {"compound": compound, "variant": variant, REASON: ""}
    settings = find_settings(compound, variant)
    try:
        solved = compute_lattice_conductivity(build_compound(compound), calculator, settings, allows_imaginary=True)
        if variant in (WITH_CHARGES, WITHOUT_CHARGES):
            charges = _nac_parameters(compound, solved.phonons, scale=1.0 if variant == WITH_CHARGES else 0.0)
            solved = solve(solved.harmonic, solved.cubic, settings, charges=charges)
    except FAILURES as error:
        return [row | {REASON: describe_error(error)}]
    conductivity = solved.conductivity
    return [
        row
        | {
            KAPPA_POTENTIAL: conductivity.kappa_w_per_m_k,
            "particle_w_per_m_k": conductivity.particle_w_per_m_k,
            "coherence_w_per_m_k": conductivity.coherence_w_per_m_k,
            "max_share": conductivity.max_share,
            "min_frequency_thz": solved.min_frequency_thz,
            "max_frequency_thz": solved.max_frequency_thz,
            "n_harmonic_atom": len(solved.phonons.phonon_supercell),
            "n_cubic_atom": len(solved.phonons.supercell),
            "n_harmonic_call": solved.harmonic.n_force_call,
            "n_cubic_call": solved.cubic.n_force_call,
            "mesh": " ".join(str(number) for number in conductivity.mesh),
        }
    ]


def _nac_parameters(compound: str, phonons: Any, *, scale: float) -> dict[str, Any]:
    """Return phonopy's parameters of the non-analytical term; the more electropositive atom carries the charge."""
    polarity = POLARITIES[compound]
    structure = build_compound(compound)
    cation = min(structure.composition.elements, key=lambda element: element.X).symbol
    signs = [1.0 if symbol == cation else -1.0 for symbol in phonons.primitive.symbols]
    return {
        "born": np.array([scale * sign * polarity.born_charge * np.eye(3) for sign in signs]),
        "dielectric": polarity.dielectric * np.eye(3),
        "factor": 14.399652,
    }
