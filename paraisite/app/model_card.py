"""The card of a model: what it was fitted on, how far it is off, what to distrust, and how to cite it."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from paraisite import __version__
from paraisite.app.loaded import load_explainer
from paraisite.artifacts.predictors_at_hand import read_card_of
from paraisite.artifacts.training_outputs import METRICS
from paraisite.core.shown_text import escape_markdown

DOI: Final = "10.1039/D5CP04401D"
CITATION: Final = f"""@article{{klochko2026paraisite,
  author  = {{Klochko, Liudmyla and d'Aquin, Mathieu}},
  title   = {{Two-stage transfer learning for deep learning-based prediction of lattice thermal conductivity}},
  journal = {{Physical Chemistry Chemical Physics}},
  year    = {{2026}},
  doi     = {{{DOI}}}
}}
@software{{paraisite,
  author  = {{{{The ParAIsite authors}}}},
  title   = {{ParAIsite}},
  version = {{{__version__}}},
  year    = {{2026}}
}}
"""

_ERRORS: Final = {
    "mape_test": ("Mean relative error", "{:.0f} %"),
    "log10_mae_test": ("Mean error, as a factor", "× {:.2f}"),
    "spearman_test": ("Rank correlation", "{:.2f}"),
    "coverage_50%": ("50 % intervals hold", "{:.0f} %"),
    "coverage_80%": ("80 % intervals hold", "{:.0f} %"),
    "coverage_90%": ("90 % intervals hold", "{:.0f} %"),
}


def show_model(model: str) -> None:
    """Show a model's card and how to cite it."""
    predictor, card = load_explainer(model).predictor, read_card_of(model)
    st.subheader(f"Model {escape_markdown(model)}")
    known, n_member = predictor.calibration_set, predictor.model.n_member
    members = "member" if n_member == 1 else "members that were trained on different rows"
    lines = [f"- **Predicts** the lattice thermal conductivity at 300 K, in W/m/K, with {n_member} {members}"]
    if isinstance(card.get("members"), str):
        lines.append(f"- **Members**: {escape_markdown(card['members'])}")
    if known is not None:
        kappa = known.materials.kappa_w_per_m_k
        n_element = int(known.elements.any(axis=0).sum())
        lines.append(
            f"- **Fitted on** {len(kappa)} materials of {n_element} elements, with conductivities from "
            f"{kappa.min():.2g} to {kappa.max():.4g} W/m/K, half of them below {pd.Series(kappa).median():.2g}"
        )
    lines.append(
        "- **Distrust** crystals that are flagged as outside the applicability domain, values far from those of the "
        "nearest training materials, and crystals that are not stable: the model sees a structure, not its vibrations"
    )
    st.markdown("\n".join(lines))
    if errors := tabulate_errors(card):
        st.markdown("**Errors on held-out materials**")
        st.table(pd.DataFrame(errors, columns=["", "mean ± standard deviation over the splits"]), hide_index=True)
    st.subheader("How to cite")
    st.markdown(f"Please cite the paper, [{DOI}](https://doi.org/{DOI}), and the software.")
    st.code(CITATION, language="bibtex", wrap_lines=True)


def tabulate_errors(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a card's errors in words; none where it has none."""
    metrics = card.get(METRICS)
    if not isinstance(metrics, Mapping):
        return []
    found = []
    for key, (name, form) in _ERRORS.items():
        if isinstance(metric := metrics.get(key), Mapping) and isinstance(metric.get("mean"), int | float):
            mean, std = float(metric["mean"]), float(metric.get("std") or 0.0)
            is_factor = key.startswith("log10")
            mean, std = (100 * mean, 100 * std) if form.endswith("%") else (mean, std)
            shown = form.format(10**mean) if is_factor else f"{form.format(mean)} ± {form.format(std)}"
            found.append((name, shown))
    return found
