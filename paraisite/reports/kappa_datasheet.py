"""The data sheet of tier ``kappa``, as Markdown: every number comes from the table, the checks or the settings.

Source of the questions it answers: Gebru et al., Commun. ACM 64, 86 (2021), 10.1145/3458723.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.labels import conductivity
from paraisite.labels.mesh_convergence import MAX_MESH_FACTOR
from paraisite.labels.phonon_labels import COARSER, COLUMNS
from paraisite.labels.phonon_settings import LABELS, MAX_FREE_CONSTANTS, SupercellSize
from paraisite.metrics.agreement import Agreement
from paraisite.reports.element_map import count_elements
from paraisite.reports.lab_columns import column_table, kinds_of_reasons
from paraisite.reports.phonon_checks import agreement_table
from paraisite.reports.tables import to_markdown

MEANINGS: Final = {
    schema.MATERIAL_ID: "structure type and elements of its slots",
    schema.PROTOTYPE: "structure type of the relaxed crystal, in the form of AFLOW's labels; empty if it is rejected",
    schema.REASON: "why the crystal was rejected; empty if it was accepted",
    schema.FORMULA: "reduced formula",
    "n_atom": "atoms in the primitive cell",
    schema.KAPPA: "the label: conductivity at 300 K, corrected to PBEsol, W/m/K",
    **COLUMNS,
}

_MOTIVATION: Final = """
Accurate conductivities are those of insulators, most of them below 10 W/m/K. This table holds crystals of structure
types and elements that they lack or have few of: elements and compounds of metals, hydrides, borides, carbides,
nitrides, halides, high conductivities. Lattice conductivity only: electrons, which carry most of the
heat in metals and scatter phonons there, are neglected. No reduced formula of Togo15, HH143 or Phonix is in it.
"""

_WEAKNESSES: Final = """
- The potential's phonons were fine-tuned on second derivatives of DFT for compounds like Togo15's, never on third ones,
  and it is known to fail for LiH, BAs, AgCl and AgI, which are left out, and doubtful for other silver halides.
- It was trained on PBE; the correction to PBEsol is fitted on insulators and extrapolates to metals' compounds.
- It has no dispersion forces: crystals whose layers, chains or molecules are not bonded with each other are refused.
- Relaxation-time approximation; no Born charges, no boundaries, no electrons, no four-phonon scattering, no magnetism.
- Some crystals are hypothetical, or stable at other temperatures and pressures only.
"""


def kappa_datasheet(
    table: pd.DataFrame,
    *,
    potential: str,
    versions: Mapping[str, str],
    checks: Mapping[str, Agreement],
    licence: str,
) -> str:
    """Return the data sheet.

    Args:
        table: Tier ``kappa``.
        potential: Its potential.
        versions: Version of each package that labels depend on.
        checks: Agreement of the same settings with accurate conductivities.
        licence: Of the table.

    Raises:
        DataError: A column has no description.
    """
    sections = {
        "Motivation": _MOTIVATION,
        "Composition": _composition(table),
        "Collection": _collection(potential, versions),
        "Rejections": to_markdown(kinds_of_reasons(table).rename("rows").rename_axis("reason").to_frame()),
        "Checks": to_markdown(agreement_table(checks)) if checks else "No check has been run.",
        "Known weaknesses": _WEAKNESSES,
        "Columns": column_table(table.drop(columns="structure_json"), MEANINGS),
        "Licence": f"{licence}. Computed numbers and structures only. Weights of the potential: CC BY 4.0.",
    }
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"# Data sheet: tier `kappa`, conductivities of neglected kinds of crystals\n\n{body}"


def _composition(table: pd.DataFrame) -> str:
    accepted = table[table[schema.REASON] == ""]
    kappa = accepted[schema.KAPPA]
    quantiles = ", ".join(f"{kappa.quantile(level):.3g} ({level:.0%})" for level in (0.05, 0.25, 0.5, 0.75, 0.95))
    types = accepted[schema.PROTOTYPE].map(describe_structure_type).value_counts()
    common = ", ".join(f"{name} {number}" for name, number in types.head(12).items())
    n_type = accepted[schema.PROTOTYPE].nunique()
    return f"""
{len(accepted):,} crystals accepted and {len(table) - len(accepted):,} rejected, of {n_type} structure types and
{len(count_elements([table]))} elements, {int(accepted["n_atom"].max()) if len(accepted) else 0} atoms in the primitive
cell at most. Quantiles of the label, W/m/K: {quantiles}; {int((kappa > 50).sum())} above 50, {int((kappa > 200).sum())}
above 200. The most frequent types: {common}.
"""


def _collection(potential: str, versions: Mapping[str, str]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"""
Potential: {potential}. Packages: {packages}.

1. The standard cell is relaxed within its symmetry, to forces below {LABELS.force_tolerance_ev_per_angstrom:g} eV/Å.
2. Second-order force constants from single displacements of {LABELS.harmonic_displacement_angstrom:g} Å in a supercell
   {_size(LABELS.harmonic_supercell)}. A crystal with a phonon below {conductivity.MIN_FREQUENCY_THZ:g} THz is rejected.
3. Third-order ones fitted to random displacements of {LABELS.cubic_displacement_angstrom:g} Å, each with its opposite,
   {LABELS.equations_per_constant:g} equations for each free constant, in a supercell {_size(LABELS.cubic_supercell)};
   triplets of atoms beyond a cutoff are left out where there are more than {MAX_FREE_CONSTANTS:,} free constants.
4. Boltzmann equation in the relaxation-time approximation at {conductivity.TEMPERATURE_KELVIN:g} K with natural
   isotopes, and coherences; mesh of {LABELS.mesh:g} Å. Rejected: one wave vector carries more than
   {conductivity.MAX_SHARE_OF_WAVE_VECTOR:.0%}, or a mesh of {COARSER:g} times as many wave vectors along each axis
   changes the conductivity by more than a factor of {MAX_MESH_FACTOR:g}.
5. Correction of the functional's bias, fitted on Togo15 and Phonix, see Checks.
"""


def _size(size: object) -> str:
    if not isinstance(size, SupercellSize):
        return f"of {size} cells"
    return f"with faces {size.min_angstrom:g} Å apart, of at most {size.max_atoms} atoms"
