"""Contributions as bars: the largest first, above one to the right."""

import numpy as np
import pytest

from paraisite.app.contributions_view import LOWERS, RAISES, contributions_figure
from paraisite.explain.contributions import Contributions, InputPart


@pytest.mark.parametrize("reach", [0.02, 0.1, 0.25, 0.5, 1.4])
def test_the_largest_is_first_and_the_axis_holds_it(reach: float):
    parts = [InputPart("descriptor", name, "") for name in ("small", "large")]
    predictions = np.array([[1.0, 1.0 - reach / 4, 1.0 + reach, 0.5]])
    figure = contributions_figure(Contributions.from_predictions(parts, predictions, method="Hidden."))
    (bars,) = figure.data
    assert bars.x[0] == pytest.approx(-reach)
    assert bars.x[1] == pytest.approx(reach / 4)
    assert list(bars.marker.color) == [LOWERS, RAISES]
    assert [note.text for note in figure.layout.annotations] == ["large", "small"]
    assert {note.bgcolor for note in figure.layout.annotations} == {"white"}  # the axis runs through no name
    low, high = figure.layout.xaxis.range
    assert low < -reach
    assert all(low <= tick <= high for tick in figure.layout.xaxis.tickvals)
