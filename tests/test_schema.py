"""Names of columns, those of former tables among them."""

import pytest

from paraisite.schema import (
    COVERAGES,
    FORMER_COLUMNS,
    FORMER_SCREENING_COLUMNS,
    KAPPA,
    PREDICTED_KAPPA,
    interval_columns,
    name_interval_ends,
    present_names,
    refined_interval_columns,
)


@pytest.mark.parametrize("coverage", COVERAGES)
def test_both_former_names_of_an_interval_lead_to_the_present_ones(coverage: float) -> None:
    ends = interval_columns(coverage)
    percent = f"{100 * coverage:.0f}"
    assert ends == (f"lower_{percent}_w_per_m_k", f"upper_{percent}_w_per_m_k")
    assert tuple(FORMER_COLUMNS[f"kappa_{side}_{percent}%_w_per_m_k"] for side in ("low", "high")) == ends
    assert tuple(FORMER_COLUMNS[f"{side}_{percent}"] for side in ("lower", "upper")) == ends


def test_the_label_keeps_its_name_outside_screenings() -> None:
    assert KAPPA not in FORMER_COLUMNS
    assert FORMER_SCREENING_COLUMNS[KAPPA] == PREDICTED_KAPPA


def test_a_column_is_renamed_only_where_its_present_name_is_free() -> None:
    assert present_names(["row", KAPPA], FORMER_SCREENING_COLUMNS) == {KAPPA: PREDICTED_KAPPA}
    assert present_names(["row", KAPPA, PREDICTED_KAPPA], FORMER_SCREENING_COLUMNS) == {}


def test_ends_of_intervals_are_named_in_the_order_of_the_coverages() -> None:
    ends = name_interval_ends([1, 2, 3], [6, 5, 4], refined_interval_columns)
    assert list(ends.items())[:2] == [("refined_lower_50_w_per_m_k", 1), ("refined_upper_50_w_per_m_k", 6)]
    assert list(name_interval_ends([1, 2, 3], [6, 5, 4]).values()) == [1, 6, 2, 5, 3, 4]
    with pytest.raises(ValueError, match="shorter"):
        name_interval_ends([1, 2], [6, 5])
