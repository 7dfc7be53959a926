"""A prediction refined with phonons, where somebody asks for it: what it costs, how far it is, and what comes out."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st
from pymatgen.core.structure import Structure

from paraisite.app.loaded import load_explainer, tell_apart
from paraisite.app.numbers import show_number
from paraisite.artifacts.refiners import build_refiner
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError
from paraisite.inference.crystals import Crystal
from paraisite.inference.refiner import RefinementPlan, Refiner
from paraisite.inference.rows import VALUE, Row, interval_keys
from paraisite.labels.phonon_progress import SECOND_ORDER, THIRD_ORDER, ForceCallCount
from paraisite.reports.refined_rows import describe_cost, format_minutes
from paraisite.schema import KAPPA_CORRECTED, KAPPA_POTENTIAL, REFINED_KAPPA, REFINED_REASON, refined_interval_columns


class PhononBar:
    """A bar of one crystal's phonons, in force calls."""

    def __init__(self, plan: RefinementPlan) -> None:
        """Show an empty bar; how many force calls there are is estimated until they are counted."""
        self._calls = ForceCallCount(1 if plan.cost is None else plan.cost.n_force_call)
        self._bar = st.progress(0.0, "relaxation of the cell …")

    def __call__(self, stage: str, /, *, n_done: int, n_total: int | None) -> None:
        """Show a step; a click elsewhere on the page ends the computation here."""
        self._calls.count(stage, n_done=n_done, n_total=n_total)
        done, of = self._calls.n_done, self._calls.n_total
        counted = f": {done} of {of} force calls" if stage in (SECOND_ORDER, THIRD_ORDER) else ""
        self._bar.progress(min(done / max(of, 1), 1.0), f"{stage}{counted} …")


def show_refinement(model: str, crystal: Crystal, row: Row) -> None:
    """Offer to refine a prediction, and show the refined value where it was.

    Args:
        model: Whose prediction it is.
        crystal: The crystal.
        row: The prediction.
    """
    panel = st.expander("Refine with phonons: minutes instead of milliseconds", key="refine", on_change="rerun")
    if not panel.open or isinstance(crystal.found, str):
        return
    key = f"refined {model} {tell_apart([crystal])}"
    with panel:
        st.write(
            "Phonons under a machine-learned potential, corrected for its bias and combined with the prediction. The "
            "intervals become narrower where the two agree with what is known of such crystals."
        )
        try:
            if key not in st.session_state and not _refine(_load_refiner(model), row, crystal.found, key=key):
                return
        except ParaisiteError as error:
            st.info(escape_markdown(f"This cannot be done here: {error}"))
            return
        _show_refined(st.session_state[key])


@st.cache_resource(show_spinner="Looking for what refines predictions …")
def _load_refiner(model: str) -> Refiner:
    return build_refiner(load_explainer(model).predictor, name=model)


def _refine(refiner: Refiner, row: Row, structure: Structure, *, key: str) -> bool:
    """Say what it costs and compute it where that is agreed; return whether the page's state now has the result."""
    with st.spinner("Estimating the cost …"):
        plan = refiner.plan(row, structure)
    calls, supercells, minutes = describe_cost(plan)
    if plan.refusal is not None:
        st.info(escape_markdown(f"This crystal is {minutes}."))
        return False
    if plan.cost is not None:
        st.markdown(
            f"**Cost**: {minutes} minutes on one core, for {calls} force calls (supercells × atoms: {supercells})."
        )
        if not st.button(f"Compute for about {format_minutes(plan.cpu_minutes)} minutes", key="compute"):
            return False
        refiner.calculator  # noqa: B018  # what is missing for it is said before anything is computed
    st.session_state[key] = refiner.refine_row(row, structure, plan, on_step=PhononBar(plan))
    if plan.cost is not None:
        st.rerun()  # the cost, the button and the bar have had their time
    return True


def _show_refined(row: Mapping[str, Any]) -> None:
    if row[REFINED_REASON]:
        st.warning(escape_markdown(f"Not refined: {row[REFINED_REASON]}"))
        return
    st.metric("Refined lattice thermal conductivity at 300 K", f"{show_number(row[REFINED_KAPPA])} W/m/K")
    st.table(tabulate_refined(row), hide_index=True)


def tabulate_refined(row: Mapping[str, Any]) -> pd.DataFrame:
    """Return a refined row's values as text, W/m/K: prediction, potential, correction, and what they give together."""

    def ends(names: tuple[str, str]) -> str:
        low, high = (row[name] for name in names)
        return "–" if low is None else f"{show_number(low)} to {show_number(high)}"

    lines = [
        ("prediction", row[VALUE], ends(interval_keys(0.8)), ends(interval_keys(0.9))),
        ("phonons of the potential", row[KAPPA_POTENTIAL], "–", "–"),
        ("phonons, corrected for bias", row[KAPPA_CORRECTED], "–", "–"),
        (
            "refined: both together",
            row[REFINED_KAPPA],
            ends(refined_interval_columns(0.8)),
            ends(refined_interval_columns(0.9)),
        ),
    ]
    shown = [(name, show_number(value), *intervals) for name, value, *intervals in lines]
    return pd.DataFrame(shown, columns=["", "kappa (W/m/K)", "80 % interval", "90 % interval"])
