"""A second value on the page, by phonons under a potential: what it costs, a button, progress, the result."""

import pandas as pd
import streamlit as st

from paraisite import schema
from paraisite.artifacts.refiners import find_refiner
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError
from paraisite.inference.crystals import Crystal
from paraisite.inference.refiner import RefinementPlan, Refiner
from paraisite.inference.rows import Row
from paraisite.labels.phonon_progress import ForceCallCount
from paraisite.reports.refined_rows import format_minutes


def show_refinement(model: str, crystal: Crystal, row: Row) -> Row | None:
    """Offer to refine a prediction, and show the refined value once it is there.

    Args:
        model: As ``find_refiner`` takes it.
        crystal: The crystal.
        row: Its prediction.

    Returns:
        The row with the refined columns; None before somebody asks for it, or where it cannot be had.
    """
    st.subheader("Refined with a potential")
    try:
        refiner = _load_refiner(model)
        plan = refiner.plan(row, crystal.found)
        if plan.refusal is not None:
            st.info(escape_markdown(f"Not refined: {plan.refusal}"))
            return None
        refined = _refine_if_asked(refiner, crystal, row, plan)
    except ParaisiteError as error:
        st.caption(escape_markdown(f"Not available: {error}"))
        return None
    if refined is not None:
        _show(refined)
    return refined


@st.cache_resource(show_spinner="Looking for the potential …")
def _load_refiner(model: str) -> Refiner:
    return find_refiner(model)


def _refine_if_asked(refiner: Refiner, crystal: Crystal, row: Row, plan: RefinementPlan) -> Row | None:
    """Return the refined row: at once where its phonons are kept, else after a click on the button."""
    if plan.cost is None:
        return refiner.refine_row(row, crystal.found, plan)
    minutes, n_total = format_minutes(plan.cost.cpu_minutes), plan.cost.n_force_call
    st.write(
        "Relaxes the crystal, computes its phonons and their scattering under a machine-learned potential, and "
        f"combines the conductivity with the prediction: {n_total} force calls, about {minutes} minutes on one core."
    )
    if not st.button("Refine", key=f"refine {crystal.name}"):
        return None
    bar, calls = st.progress(0.0), ForceCallCount(n_total)

    def show_step(stage: str, /, *, n_done: int, n_total: int | None) -> None:
        calls.count(stage, n_done=n_done, n_total=n_total)
        bar.progress(min(1.0, calls.n_done / calls.n_total), text=stage)

    refined = refiner.refine_row(row, crystal.found, plan, on_step=show_step)
    bar.empty()
    return refined


def _show(row: Row) -> None:
    if row[schema.REFINED_REASON] is not None:
        st.warning(escape_markdown(f"Not refined: {row[schema.REFINED_REASON]}. The prediction stays."))
        return
    st.metric("refined kappa at 300 K", f"{row[schema.REFINED_KAPPA]:.4g} W/m/K")
    ends = [[row[key] for key in schema.refined_interval_columns(coverage)] for coverage in schema.COVERAGES]
    table = pd.DataFrame(
        {
            "coverage": [f"{coverage:.0%} of new materials" for coverage in schema.COVERAGES],
            "from": [f"{low:.3g}" for low, _ in ends],
            "to": [f"{high:.3g}" for _, high in ends],
        }
    )
    st.table(table, hide_index=True)
    potential, corrected = row[schema.KAPPA_POTENTIAL], row[schema.KAPPA_CORRECTED]
    st.caption(f"Under the potential {potential:.3g} W/m/K, corrected {corrected:.3g} W/m/K.")
