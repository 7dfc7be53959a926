"""The first section of the report."""

import pandas as pd

from paraisite.analysis.held_out_errors import summarise_kinds, summarise_predictions
from paraisite.reports.document import page
from paraisite.reports.sections_of_summary import summary_section
from tests.analysis.test_held_out_errors import held_out


def test_it_says_what_is_best_and_what_to_distrust_and_shows_five_candidates() -> None:
    predictions = pd.concat(
        held_out(30, chemistry=kind, inside=20, protocol=protocol)
        for kind in ("oxides", "carbides")
        for protocol in ("formula", "structure-type")
    )
    tables = (summarise_predictions(predictions), predictions, summarise_kinds(predictions))
    candidates = pd.DataFrame({"formula": ["NaCl"] * 7}, index=pd.Index([f"row {n}" for n in range(7)], name="id"))
    section = summary_section(*tables, candidates)
    assert section.opened
    assert "**Best: GPACCURATE**" in section.words[0]
    assert "outside the applicability domain" in section.points[0]
    assert any("carbides (1.50)" in point for point in section.points)
    assert len(section.tables[0].table) == 5
    without = summary_section(*tables, None)
    assert "`python -m paraisite select`" in without.points[-1]
    assert "<code>python -m paraisite select</code>" in page([without], title="Report", lead="All of it.")
