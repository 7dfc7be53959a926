"""The data sheet of the project's own labels, as Markdown: every number comes from the tables or from the code.

Source of the questions it answers: Gebru et al., Commun. ACM 64, 86 (2021), 10.1145/3458723.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.labels import conductivity, mechanical_labels, mechanics
from paraisite.labels.assemble import MAX_POISSON, MIN_POISSON
from paraisite.labels.decorate import MAX_TOLERANCE, MIN_TOLERANCE
from paraisite.labels.phonon_settings import (
    FORMER,
    FORMER_MAX_CELL_ATOMS,
    FORMER_MESH,
    FORMER_MIN_ANGSTROM,
    FORMER_MIN_ATOMS,
)
from paraisite.labels.prototypes import ELEMENTAL
from paraisite.labels.slack import TYPICAL_GRUNEISEN
from paraisite.metrics.agreement import CONFIDENCE, MIN_ROWS, Agreement, measure_agreement
from paraisite.reports.element_map import count_elements
from paraisite.reports.lab_columns import MEANING_IN_BTE, MEANING_IN_SLACK, column_table, kinds_of_reasons
from paraisite.reports.tables import to_markdown

TIERS_CHECK: Final = "tier slack against tier bte, same crystals"
_NOTHING: Final = "–"


def datasheet(
    *,
    slack: pd.DataFrame,
    bte: pd.DataFrame,
    potentials: Mapping[str, str],
    versions: Mapping[str, str],
    checks: Mapping[str, Agreement],
    licence: str,
) -> str:
    """Return the data sheet.

    Args:
        slack: Table of tier ``slack``.
        bte: Table of tier ``bte``.
        potentials: Name of the potential of each tier.
        versions: Version of each package that labels depend on.
        checks: Agreement with conductivities from elsewhere, by what was compared with what. That of the two tiers
            with each other is added here.
        licence: Licence of the tables: a name, or a sentence.

    Raises:
        DataError: A column has no description.
    """
    tiers = {"slack": slack, "bte": bte}
    both = _in_both_tiers(slack, bte)
    if len(both) >= MIN_ROWS:
        checks = {**checks, TIERS_CHECK: measure_agreement(both["bte"], both["slack"])}
    sections = {
        "Motivation": _MOTIVATION,
        "Composition": _composition(tiers, n_in_both=len(both)),
        "Collection": _collection(potentials, versions),
        "Preprocessing and rejections": _rejections(tiers),
        "Checks": _checks(checks),
        "Known weaknesses": _weaknesses(slack, bte, both),
        "Columns": "".join(
            f"Tier `{name}`:\n\n{column_table(table, meanings)}\n"
            for (name, table), meanings in zip(tiers.items(), (MEANING_IN_SLACK, MEANING_IN_BTE), strict=True)
        ),
        "Licence and maintenance": _MAINTENANCE.format(licence=licence.rstrip(".")),
    }
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"# Data sheet: the project's own conductivity labels\n\n{body}"


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
These tables hold values that can be recomputed with open software: structures from decorated prototypes, forces from a
machine-learned potential, in two tiers. `slack` is large and approximate: elastic constants and Slack's expression.
`bte` is small and more accurate: phonons and the Boltzmann transport equation, for cubic crystals. They are meant for
pretraining and training models that are then evaluated on other data; no formula of Togo15 or HH143 is in either tier.

They are not meant as reference values for single compounds, nor for judging whether a compound can be synthesised.
"""

_MAINTENANCE: Final = """
Licence of the tables: {licence}. They hold computed numbers and structures only, none taken from another database. The
potentials have their own licences and training sets; please cite their authors, and those of the methods named under
Collection.

The tables are versioned by DVC together with the code that computes them. `paraisite label TIER` computes missing rows
and leaves the others unchanged; another potential or seed needs a new folder. Please report errors in rows as issues of
the repository. Versions are those of the repository; its changelog lists changes.
"""


def _composition(tiers: Mapping[str, pd.DataFrame], *, n_in_both: int) -> str:
    facts = pd.DataFrame({f"tier `{name}`": _facts(table) for name, table in tiers.items()})
    facts.index.name = "rows are candidates: a structure type with elements assigned to its sites"
    return f"""
{to_markdown(facts)}
{n_in_both:,} crystals are accepted in both tiers. Rejected rows stay in the tables, with a reason and with everything
computed before the rejection, such as a relaxed structure. Rows are independent, and there are no recommended splits;
split by formula, as one formula may have several structures.
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


def _collection(potentials: Mapping[str, str], versions: Mapping[str, str]) -> str:
    names = "; ".join(f"tier `{tier}`: {name}" for tier, name in potentials.items())
    packages = ", ".join(f"{package} {version}" for package, version in versions.items())
    largest_strain = max(mechanics.EOS_LINEAR_STRAINS)
    return f"""
All values are computed, none is measured. Potentials: {names}. Packages: {packages}.

Tier `slack`:

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

Tier `bte`, cubic crystals that tier `slack` accepted with at most {FORMER_MAX_CELL_ATOMS} atoms in the primitive cell:

1. Relaxation as above, under the potential of this tier.
2. Supercell of {FORMER_MIN_ATOMS} or more atoms, each at least
   {FORMER_MIN_ANGSTROM:g} Å from its periodic images;
   harmonic force constants from displacements of {FORMER.harmonic_displacement_angstrom} Å; cubic ones fitted by
   symfc to random displacements of {FORMER.cubic_displacement_angstrom} Å,
   {FORMER.equations_per_constant:g} times as many as determine them.
3. kappa (W/m/K) at {conductivity.TEMPERATURE_KELVIN:g} K by phono3py on a mesh of {FORMER_MESH} wave vectors
   along each axis, relaxation-time approximation (Togo et al., 10.1103/PhysRevB.91.094306).
"""


def _rejections(tiers: Mapping[str, pd.DataFrame]) -> str:
    parts = [
        f"""A candidate is rejected if its relaxation does not converge, its volume changes by more than a factor of
{mechanics.MAX_STRETCH**3:.1f}, two atoms are closer than
{mechanical_labels.MIN_DISTANCE_ANGSTROM:g} Å, a strain or a displacement within the cell is hardly stable
(stiffness below {mechanics.MIN_STIFFNESS_GPA} GPa,
{mechanics.MIN_FORCE_CONSTANT_EV_PER_SQUARE_ANGSTROM} eV/Å²), its Poisson ratio is not within {MIN_POISSON} to
{MAX_POISSON}, or, in tier `bte`, a phonon lies below {conductivity.MIN_FREQUENCY_THZ} THz or one wave vector carries
more than {conductivity.MAX_SHARE_OF_WAVE_VECTOR:.0%} of the conductivity. Values of accepted rows are neither
clipped nor smoothed."""
    ]
    for name, table in tiers.items():
        kinds = kinds_of_reasons(table)
        counts = pd.DataFrame({"rows": kinds, "share of the tier": kinds / max(1, len(table))})
        counts.loc["all rejected"] = counts.sum()
        shown = pd.DataFrame(
            {"rows": counts["rows"].map("{:,.0f}".format), "share of the tier": counts.iloc[:, 1].map("{:.1%}".format)}
        )
        shown.index.name = f"tier `{name}`: reason, numbers left out"
        parts.append(to_markdown(shown).strip())
    return "\n\n".join(parts)


def _checks(checks: Mapping[str, Agreement]) -> str:
    if not checks:
        return "No check has been run."
    return (
        f"Computed against known kappa of the same crystals. Ratios are computed/known, MAPE is relative to the known "
        f"value, brackets hold {CONFIDENCE:.0%} bootstrap intervals.\n\n{to_markdown(checks_table(checks))}"
    )


def _weaknesses(slack: pd.DataFrame, bte: pd.DataFrame, both: pd.DataFrame) -> str:
    accepted = slack[slack[schema.REASON] == ""]
    unbound = _share(accepted[schema.FORMATION_ENERGY.column], lambda energies: energies > 0)
    imaginary = _share(bte[schema.REASON], lambda reasons: reasons.str.contains("imaginary"))
    return f"""
- Slack's expression ranks crystals better than it predicts absolute values. With one Grüneisen parameter for all
  crystals it ignores differences in anharmonicity and is too high for soft, strongly anharmonic crystals.
  {_by_stiffness(both)}
- Tier `slack` tests stability against strains and against displacements within the cell, not all phonons: of its
  crystals that were labelled in tier `bte`, {imaginary} have imaginary phonons under that tier's potential.
- Tier `bte` neglects Born charges (LO-TO splitting) and uses the relaxation-time approximation. Scattering by
  isotopes, boundaries and electrons, and four-phonon scattering, are neglected.
- Universal potentials, SevenNet among them, are too soft away from the relaxed structures they were trained on
  (Deng et al., 10.1038/s41524-024-01500-6): frequencies and moduli are underestimated, and stable crystals may be
  rejected.
- SevenNet's potentials were trained on PBE energies, in part with +U. None of the corrections that databases apply
  (oxides, halides, +U) is added to the formation energies: do not mix them with those of a database.
- Elements are relaxed in {len(ELEMENTAL)} structure types, with only simple polymorphs of sulfur and phosphorus.
  Sulfur rings are missing: the reference energy of sulfur is too high and formation energies of sulfides are too low.
- Structures are hypothetical decorations, most of them never synthesised. {unbound} of the accepted rows of tier
  `slack` have a positive formation energy, and decomposition into other compounds is not considered. Magnetism is
  neglected.
"""


def _share(values: pd.Series, condition: Callable[[pd.Series], pd.Series]) -> str:
    return f"{condition(values).mean():.0%}" if len(values) else _NOTHING


def _in_both_tiers(slack: pd.DataFrame, bte: pd.DataFrame) -> pd.DataFrame:
    """Return the crystals that both tiers accepted: their kappas (columns slack and bte) and bulk_gpa."""
    wide, narrow = (table[table[schema.REASON] == ""].set_index(schema.MATERIAL_ID) for table in (slack, bte))
    columns = {"slack": wide[schema.KAPPA], "bte": narrow[schema.KAPPA], "bulk_gpa": wide[schema.LOG_BULK.column]}
    return pd.concat(columns, axis=1, join="inner")


def _by_stiffness(both: pd.DataFrame) -> str:
    if len(both) < MIN_ROWS:
        return ""
    ordered = both.sort_values("bulk_gpa")
    log_ratio = np.log10(ordered["slack"].to_numpy() / ordered["bte"].to_numpy())
    third = len(ordered) // 3
    soft, stiff = 10 ** log_ratio[:third].mean(), 10 ** log_ratio[-third:].mean()
    return (
        f"Of the crystals in both tiers, the third with the largest bulk modulus has {stiff:.2f} times the kappa "
        f"of tier `bte` (geometric mean), the third with the smallest {soft:.2f} times."
    )
