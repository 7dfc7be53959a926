"""The section of the report on statistics."""

from dataclasses import replace

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.reports.sections_of_findings import statistics_section
from tests.analysis.planted_correlations import planted


def test_the_statistics_name_the_strongest_correlations() -> None:
    section = statistics_section(StatisticsTables.of(planted()), "planted crystals")
    assert "planted crystals: 60 crystals" in section.words[0]
    (sentence,) = (words for words in section.words if words.startswith("**mTC (W/m/K)** correlates most with "))
    assert "density (g/cm³) (-0.9" in sentence
    mean, variance, variances, clusters = section.tables
    assert mean.table.columns.tolist() == ["RWTG15", "LFETG15"]
    assert set(mean.table.index[:3]) == {"density (g/cm³)", "weight", "radius"}
    assert "constant" not in mean.table.index
    assert variance.table.index.tolist() != []
    assert variances.table["step"].tolist() == ["1", "2"]
    assert clusters.table["crystals"].tolist() == ["20", "20", "20"]
    (tests,) = section.folded
    assert tests.table["lower on"].tolist() == ["100%"]


def test_large_variances_are_written_without_powers_of_ten() -> None:
    found = StatisticsTables.of(planted())
    variances = found.member_variances.assign(q25=0.01234, median=999.6, q75=1550.2, mean=12812.0)
    table = statistics_section(replace(found, member_variances=variances), "planted crystals").tables[2].table
    assert table.iloc[0, -4:].tolist() == ["0.0123", "1,000", "1,550", "12,800"]
