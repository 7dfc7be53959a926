"""An explanation for people: a few plain sentences, and a table of the contributions."""

from typing import Final

import numpy as np
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from paraisite import schema
from paraisite.core.shown_text import escape_controls
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.explain.contributions import Contributions
from paraisite.explain.explainers import Explanation
from paraisite.inference.rows import MEMBERS, NEAREST, UNIT, UNSEEN, VALUE, Row, interval_keys, show_known_kappa

SHOWN_PARTS: Final = 12
"""Parts that tables and figures show; JSON holds all."""

_NO_CONTRIBUTION_DEX: Final = 0.02
"""What a part has to do to be named: 5 %."""

_NO_DIFFERENCE_DEX: Final = 0.05
"""What all parts together have to do, before a share of it means anything."""


def describe_explanation(explanation: Explanation) -> list[str]:
    """Return a prediction in words, one sentence for each question."""
    row = explanation.row
    if row[schema.REASON] is not None:
        return [f"There is no prediction: {row[schema.REASON].rstrip('.!')}."]
    texts = [describe_value(row), describe_agreement(row), describe_domain(row), describe_nearest(row)]
    if explanation.contributions is not None:
        texts += describe_contributions(explanation.contributions)
    return [sentence for sentence in texts if sentence]


def describe_value(row: Row) -> str:
    """Return the prediction with its intervals."""
    text = f"{row[schema.FORMULA]}: kappa at 300 K is predicted to be {row[VALUE]:.4g} {row[UNIT]}"
    ends = [(coverage, *(row[key] for key in interval_keys(coverage))) for coverage in schema.COVERAGES]
    known = [f"{low:.3g} to {high:.3g} ({100 * coverage:.0f} %)" for coverage, low, high in ends if low is not None]
    return f"{text}; its intervals are {', '.join(known)}." if known else f"{text}; it has no interval."


def describe_agreement(row: Row) -> str:
    """Return how far the members agree; empty for a single one."""
    members = np.array(row[MEMBERS])
    if len(members) == 1:
        return ""
    text = (
        f"The {len(members)} members predict {members.min():.3g} to {members.max():.3g} {row[UNIT]}, with a standard "
        f"deviation of {row[schema.KAPPA_LOG10_STD]:.2f} dex (a factor of {10 ** row[schema.KAPPA_LOG10_STD]:.2f})"
    )
    low, high = (row[key] for key in interval_keys(schema.COVERAGES[0]))
    if low is None:
        return text + "."
    n_inside = int(((members >= low) & (members <= high)).sum())
    return f"{text}; {n_inside} of them lie in the {100 * schema.COVERAGES[0]:.0f} % interval."


def describe_domain(row: Row) -> str:
    """Return whether the crystal is in the model's applicability domain, and why."""
    if row[schema.OUT_OF_DOMAIN_FLAG] is None:
        return "Applicability domain unknown: this model has no training materials to compare with."
    closer = row[schema.OUT_OF_DOMAIN]
    share = "" if closer is None else f"{100 * closer:.0f} % of held-out materials lie further inside"
    if row[UNSEEN]:
        unseen = ", ".join(row[UNSEEN])
        return (
            f"It is outside the applicability domain: no training material holds {unseen}"
            + (share and f"; {share}")
            + "."
        )
    state = "outside the applicability domain" if row[schema.OUT_OF_DOMAIN_FLAG] else "in the applicability domain"
    return f"It is {state}" + (share and f": {share}") + "."


def describe_nearest(row: Row) -> str:
    """Return the nearest training materials; empty where none are known."""
    if not row[NEAREST]:
        return ""
    named = "; ".join(f"{format_material_name(near)}: {show_known_kappa(near)} W/m/K" for near in row[NEAREST])
    has_label = any(near[schema.IS_LABEL] for near in row[NEAREST])
    of_labels = "; what stands behind ≈ was computed under a potential" if has_label else ""
    return f"The nearest training materials are {named}{of_labels}."


def format_material_name(near: Row) -> str:
    """Return a training material's formula with its structure type, where that is known."""
    label = near[schema.PROTOTYPE]
    return f"{near[schema.FORMULA]} ({describe_structure_type(label)})" if label else str(near[schema.FORMULA])


def describe_contributions(found: Contributions) -> list[str]:
    """Return which part raises and which lowers the prediction most, and what they are measured from."""
    highest, lowest = int(np.argmax(found.mean_dex)), int(np.argmin(found.mean_dex))
    extremes = [
        f"{_name_part(found, part)}: {describe_factor(found.factor[part])}."
        for part, does in (
            (highest, found.mean_dex[highest] > _NO_CONTRIBUTION_DEX),
            (lowest, found.mean_dex[lowest] < -_NO_CONTRIBUTION_DEX),
        )
        if does
    ]
    start = f"Where they start from, the model predicts {found.nothing_w_per_m_k:.3g} W/m/K"
    whole = float(found.all_dex.mean())
    adds_up = abs(float(found.mean_dex.sum()) - whole) < _NO_CONTRIBUTION_DEX
    if adds_up or abs(whole) <= _NO_DIFFERENCE_DEX:
        return [*extremes, found.method, f"{start}."]
    together = f"one by one, the parts make up {100 * found.accounted_share:.0f} % of the difference"
    return [*extremes, found.method, f"{start}; {together}, the rest is what they do together."]


def describe_factor(factor: float) -> str:
    """Return what a part does to kappa."""
    if factor >= 1.0:
        return f"raises kappa by a factor of {factor:.2f}"
    return f"lowers kappa by a factor of {1.0 / factor:.2f}"


def _name_part(found: Contributions, part: int) -> str:
    label, detail = found.parts[part].label, found.parts[part].detail
    return f"{label[0].upper()}{label[1:]}" + (f" ({detail})" if detail else "")


def tabulate_contributions(found: Contributions) -> Table:
    """Return the contributions for a terminal, those that do most first."""
    several = len(found.dex) > 1
    table = Table("part", "size", Column("kappa", justify="right"), box=None)
    if several:
        table.add_column("± std", justify="right")
        table.add_column("members that agree", justify="right")
    for part in found.order[:SHOWN_PARTS]:
        cells: list[RenderableType] = [
            Text(found.parts[part].label),
            Text(found.parts[part].detail),
            f"× {found.factor[part]:.2f}",
        ]
        if several:
            agreeing = int((np.sign(found.dex[:, part]) == np.sign(found.mean_dex[part])).sum())
            cells += [f"{10 ** found.std_dex[part] - 1.0:.0%}", f"{agreeing} of {len(found.dex)}"]
        table.add_row(*cells)
    if (n_more := len(found.parts) - SHOWN_PARTS) > 0:
        table.caption = f"and {n_more} more that do less"
    return table


def format_explanation(explanation: Explanation) -> list[RenderableType]:
    """Return an explanation for a terminal: its name, its sentences, and its table."""
    name = Text(f"\n{escape_controls(explanation.crystal.name)}", style="bold")
    lines = [Text(sentence) for sentence in describe_explanation(explanation)]
    found = explanation.contributions
    return [name, *lines, *([] if found is None else [tabulate_contributions(found)])]
