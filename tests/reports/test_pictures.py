"""Pictures within a page: small, and in the colours that the figure has."""

import base64
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from paraisite.reports.axes import new_figure
from paraisite.reports.pictures import Drawn


def colours_of_picture(figure: Figure) -> np.ndarray:
    """Return the colours as the page shows them, 0 to 255."""
    address = Drawn("many", figure, pd.DataFrame(), "Many.", "Points.").picture().address
    image = Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(image.convert("RGB"), np.float64)


def test_markers_of_few_pixels_keep_their_colour() -> None:
    """A palette by frequency made tan of both orange and red where thousands of points are blue."""
    figure, axes = new_figure(5.2, 4.8)
    many = np.random.default_rng(1).normal(size=(2, 2000))
    axes.plot(*many, "o", color="#0072b2", markersize=3, alpha=0.5, markeredgewidth=0)
    rare = ("#e69f00", "#d55e00", "#009e73")
    for place, colour in enumerate(rare):
        axes.plot([5.0], [float(place)], "s", color=colour, markersize=3, markeredgewidth=0)
    shown = colours_of_picture(figure)
    for colour in rare:
        nearest = np.abs(shown - 255 * np.array(to_rgb(colour))).max(axis=-1).min()
        assert nearest < 30, colour


def test_a_large_area_keeps_its_colour_beside_many_markers() -> None:
    """The mean of a palette's colours, whatever they cover, made light blue of a grey band."""
    figure, axes = new_figure(5.2, 4.8)
    axes.fill_between([0.0, 20.0], -4.0, 4.0, color="0.9", linewidth=0.0)
    tints = np.random.default_rng(1).uniform((0.0, 0.4, 0.7), 1.0, size=(2000, 3))
    axes.scatter(*np.random.default_rng(2).uniform((0.0, 4.0), (20.0, 12.0), size=(2000, 2)).T, c=tints, s=9)
    shown = colours_of_picture(figure)
    band = shown[300:380, 150:400].reshape(-1, 3)
    assert np.abs(band - 255 * 0.9).max() < 3
