"""The first section of the report."""

import pandas as pd

from paraisite.analysis.held_out_accurate import LOW_KAPPA
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
    assert any("carbides (1.50, 30 rows)" in point for point in section.points)
    assert len(section.tables[0].table) == 5
    assert section.tables[1].table.index.tolist() == ["Phonix, new formulas", "Phonix, new structure types"]
    without = summary_section(*tables, None)
    assert "`python -m paraisite select`" in without.points[-1]
    assert "<code>python -m paraisite select</code>" in page([without], title="Report", lead="All of it.")


def test_points_of_the_parity_plot_tell_formula_and_values_where_they_are_drawn() -> None:
    predictions = pd.concat(
        held_out(30, chemistry="oxides", inside=20, protocol=protocol, data_set=data_set)
        for protocol in ("formula", "structure-type")
        for data_set in ("phonix", LOW_KAPPA)
    )
    section = summary_section(summarise_predictions(predictions), predictions, summarise_kinds(predictions), None)
    picture = section.figures[0].picture()
    assert len(picture.points) == 30  # those that are drawn
    (point,) = set(picture.points)  # all of one known and one predicted value
    assert point.name == "AgF: known 3, predicted 2 W/m/K"
    # Half way between 0.05 and 4,000 W/m/K lies 14 W/m/K, and the axes fill most of the picture.
    assert 0.3 * picture.width < point.left < 0.5 * picture.width
    assert 0.5 * picture.height < point.top < 0.7 * picture.height
    text = page([section], title="Report", lead="All of it.")
    assert text.count("<title>AgF: known 3, predicted 2 W/m/K</title>") == 30
