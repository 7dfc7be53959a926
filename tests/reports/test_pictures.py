"""Pictures within a page: small, and in the colours that the figure has."""

import base64
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from PIL import Image

from paraisite.reports.axes import new_figure
from paraisite.reports.pictures import Drawn


def test_markers_of_few_pixels_keep_their_colour() -> None:
    """A palette by frequency made tan of both orange and red where thousands of points are blue."""
    figure, axes = new_figure(5.2, 4.8)
    many = np.random.default_rng(1).normal(size=(2, 2000))
    axes.plot(*many, "o", color="#0072b2", markersize=3, alpha=0.5, markeredgewidth=0)
    rare = ("#e69f00", "#d55e00", "#009e73")
    for place, colour in enumerate(rare):
        axes.plot([5.0], [float(place)], "s", color=colour, markersize=3, markeredgewidth=0)
    address = Drawn("many", figure, pd.DataFrame(), "Many.", "Points.").picture().address
    shown = np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"), np.float64)
    for colour in rare:
        nearest = np.abs(shown - 255 * np.array(to_rgb(colour))).max(axis=-1).min()
        assert nearest < 30, colour
