"""The data sheet of tier ``slack``, as Markdown: every number comes from the table, the checks or the settings.

Source of the questions it answers: Gebru et al., Commun. ACM 64, 86 (2021), 10.1145/3458723.
"""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.labels import mechanical_labels, mechanics
from paraisite.labels.assemble import MAX_POISSON, MIN_POISSON
from paraisite.labels.decorate import MAX_TOLERANCE, MIN_TOLERANCE
from paraisite.labels.prototypes import ELEMENTAL
from paraisite.labels.slack import TYPICAL_GRUNEISEN
from paraisite.metrics.agreement import CONFIDENCE, Agreement
from paraisite.reports.element_map import count_elements
from paraisite.reports.lab_columns import MEANING_IN_SLACK, column_table, kinds_of_reasons
from paraisite.reports.tables import to_markdown

_NOTHING: Final = "–"


def datasheet(
    table: pd.DataFrame,
    *,
    potential: str,
    versions: Mapping[str, str],
    checks: Mapping[str, Agreement],
    licence: str,
) -> str:
    """Return the data sheet.

    Args:
        table: Tier ``slack``.
        potential: Its potential.
        versions: Version of each package that labels depend on.
        checks: Agreement with conductivities from elsewhere, by what was compared with what.
        licence: Licence of the table: a name, or a sentence.

    Raises:
        DataError: A column has no description.
    """
    sections = {
        "Motivation": _MOTIVATION,
        "Composition": _composition(table),
        "Collection": _collection(potential, versions),
        "Preprocessing and rejections": _rejections(table),
        "Checks": _checks(checks),
        "Known weaknesses": _weaknesses(table),
        "Columns": column_table(table, MEANING_IN_SLACK),
        "Licence and maintenance": _MAINTENANCE.format(licence=licence.rstrip(".")),
    }
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"# Data sheet: tier slack, approximate conductivities and moduli\n\n{body}"


def checks_table(checks: Mapping[str, Agreement]) -> pd.DataFrame:
    """Return agreements as a table of text, a row for each.

    Args:
        checks: By what was compared with what.
    """
    rows = [
        {
            "n": f"{agreement.n:,}",
            "Spearman": f"{agreement.spearman:.2f} ({agreement.spearman_low:.2f} to {agreement.spearman_high:.2f})",
            "Pearson of log10": f"{agreement.pearson_log10:.2f}",
            "mean of log10 ratio (dex)": f"{agreement.mean_log10_ratio:+.2f}",
            "std of log10 ratio (dex)": f"{agreement.std_log10_ratio:.2f}",
            "within a factor of 2": f"{agreement.within_factor_2:.0%}",
            "MAPE": f"{agreement.mape:.0%} ({agreement.mape_low:.0%} to {agreement.mape_high:.0%})",
        }
        for agreement in checks.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(checks, name="check"))


_MOTIVATION: Final = """
Few crystals have a published lattice thermal conductivity (kappa), and the larger collections may not be passed on.
This table holds values that can be recomputed with open software: structures from decorated prototypes, elastic
constants under a machine-learned potential, Slack's expression. It is large and approximate, and meant for pretraining
and training models that are then evaluated on other data; no formula of Togo15 or HH143 is in it.

Its values are no references for single compounds, and no means of judging whether a compound can be synthesised.
"""

_MAINTENANCE: Final = """
Licence of the table: {licence}. It holds computed numbers and structures only, none taken from another database. The
potential has its own licence and training set; please cite its authors, and those of the methods named under
Collection.

The table is versioned by DVC together with the code that computes it. `paraisite label slack` computes missing rows
and leaves the others unchanged; another potential or seed needs a new folder. Please report errors in rows as issues of
the repository. Versions are those of the repository; its changelog lists changes.
"""


def _composition(table: pd.DataFrame) -> str:
    facts = pd.DataFrame({"tier `slack`": _facts(table)})
    facts.index.name = "rows are candidates: a structure type with elements assigned to its sites"
    return f"""
{to_markdown(facts)}
Rejected rows stay in the table, with a reason and with everything computed before the rejection, such as a relaxed
structure. Rows are independent, and there are no recommended splits; split by formula, as one formula may have several
structures.
"""


def _facts(table: pd.DataFrame) -> dict[str, str]:
    accepted = table[table[schema.REASON] == ""]
    return {
        "rows": f"{len(table):,}",
        "accepted": f"{len(accepted):,}",
        "rejected": f"{len(table) - len(accepted):,}",
        "rejected, with a relaxed structure": f"{(table['structure_json'] != '').sum() - len(accepted):,}",
        "accepted: formulas": f"{accepted[schema.FORMULA].nunique():,}",
        "accepted: structure types": f"{accepted[schema.PROTOTYPE].nunique():,}",
        "accepted: elements": f"{len(count_elements([table])):,}",
        "accepted: atoms in the primitive cell, min / median / max": _range(accepted["n_atom"], "{:.0f}"),
        "accepted: kappa (W/m/K), min / median / max": _range(accepted[schema.KAPPA], "{:.3g}"),
    }


def _range(values: pd.Series, form: str) -> str:
    if not len(values):
        return _NOTHING
    return " / ".join(form.format(value) for value in (values.min(), values.median(), values.max()))


def _collection(potential: str, versions: Mapping[str, str]) -> str:
    packages = ", ".join(f"{package} {version}" for package, version in versions.items())
    largest_strain = max(mechanics.EOS_LINEAR_STRAINS)
    return f"""
All values are computed, none is measured. Potential: {potential}. Packages: {packages}.

1. Elements are drawn at random for the sites of a prototype, such that common oxidation states are charge neutral,
   anions are the most electronegative elements, and Goldschmidt's tolerance factor of perovskite-related types is
   {MIN_TOLERANCE} to {MAX_TOLERANCE}. Slater's atomic radii set the initial volume.
2. Cell and atoms relax within their symmetry, to forces below {mechanics.FORCE_TOLERANCE_EV_PER_ANGSTROM} eV/Å in
   {mechanics.MAX_RELAXATION_STEPS} steps at most. Formation energies (eV/atom) are relative to the most stable of
   {len(ELEMENTAL)} structure types of each element.
3. Elastic tensor (GPa) from stresses under strains of {mechanics.ELASTIC_STRAIN:.1%}, with internal relaxation by
   force constants.
4. Equation of state (Birch-Murnaghan) from pressures at strains of up to {largest_strain:.0%} in length.
5. Debye temperature (K) from moduli and volume; kappa (W/m/K) by Slack's expression with a Grüneisen parameter of
   {TYPICAL_GRUNEISEN} for all crystals (Toher et al., 10.1103/PhysRevB.90.174107); Checks compares other choices.
"""


def _rejections(table: pd.DataFrame) -> str:
    kinds = kinds_of_reasons(table)
    counts = pd.DataFrame({"rows": kinds, "share of the tier": kinds / max(1, len(table))})
    counts.loc["all rejected"] = counts.sum()
    shown = pd.DataFrame(
        {"rows": counts["rows"].map("{:,.0f}".format), "share of the tier": counts.iloc[:, 1].map("{:.1%}".format)}
    )
    shown.index.name = "reason, numbers left out"
    return f"""
A candidate is rejected if its relaxation does not converge, its volume changes by more than a factor of
{mechanics.MAX_STRETCH**3:.1f}, two atoms are closer than
{mechanical_labels.MIN_DISTANCE_ANGSTROM:g} Å, a strain or a displacement within the cell is hardly stable
(stiffness below {mechanics.MIN_STIFFNESS_GPA} GPa,
{mechanics.MIN_FORCE_CONSTANT_EV_PER_SQUARE_ANGSTROM} eV/Å²), or its Poisson ratio is not within {MIN_POISSON} to
{MAX_POISSON}. Values of accepted rows are neither clipped nor smoothed.

{to_markdown(shown)}"""


def _checks(checks: Mapping[str, Agreement]) -> str:
    if not checks:
        return "No check has been run."
    return (
        f"Computed against known kappa of the same crystals. Ratios are computed/known, MAPE is relative to the known "
        f"value, brackets hold {CONFIDENCE:.0%} bootstrap intervals.\n\n{to_markdown(checks_table(checks))}"
    )


def _weaknesses(table: pd.DataFrame) -> str:
    energies = table.loc[table[schema.REASON] == "", schema.FORMATION_ENERGY.column]
    unbound = f"{(energies > 0).mean():.0%}" if len(energies) else _NOTHING
    return f"""
- Slack's expression ranks crystals better than it predicts absolute values. With one Grüneisen parameter for all
  crystals it ignores differences in anharmonicity and is too high for soft, strongly anharmonic crystals.
- Stability is tested against strains and against displacements within the cell, not against all phonons.
- Universal potentials, SevenNet among them, are too soft away from the relaxed structures they were trained on
  (Deng et al., 10.1038/s41524-024-01500-6): frequencies and moduli are underestimated, and stable crystals may be
  rejected.
- SevenNet's potentials were trained on PBE energies, in part with +U. None of the corrections that databases apply
  (oxides, halides, +U) is added to the formation energies: do not mix them with those of a database.
- Elements are relaxed in {len(ELEMENTAL)} structure types, with only simple polymorphs of sulfur and phosphorus.
  Sulfur rings are missing: the reference energy of sulfur is too high and formation energies of sulfides are too low.
- Structures are hypothetical decorations, most of them never synthesised. {unbound} of the accepted rows have a
  positive formation energy, and decomposition into other compounds is not considered. Magnetism is neglected.
"""
