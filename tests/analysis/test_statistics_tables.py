"""All tables of a source, there and back."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.errors import MissingInputError
from tests.analysis.planted_correlations import planted


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = StatisticsTables.of(planted())
    written.write(tmp_path)
    read = StatisticsTables.load(tmp_path)
    for name in ("correlations", "member_variances", "tests", "likeness"):
        pd.testing.assert_frame_equal(getattr(read, name), getattr(written, name), rtol=1e-6, check_dtype=False)
    assert read.clusters is not None
    assert read.clusters.crystals["cluster"].nunique() == 3
    assert len(pd.read_csv(tmp_path / "result" / "above_threshold_mTC_w_per_m_k.csv")) >= 2


def test_equal_findings_are_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        StatisticsTables.of(planted()).write(tmp_path / name)
    files = [sorted((tmp_path / name / "result").iterdir()) for name in ("a", "b")]
    assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]


def test_without_clusters_the_rest_is_told(tmp_path: Path) -> None:
    StatisticsTables.of(planted(6)).write(tmp_path)
    assert StatisticsTables.load(tmp_path).clusters is None


def test_an_empty_folder_says_what_makes_the_tables(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="`python -m paraisite statistics` makes it"):
        StatisticsTables.load(tmp_path)
