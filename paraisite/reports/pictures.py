"""A figure with its numbers, its caption and its alternative text."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from paraisite.arrays import Floats
from paraisite.core.csv_tables import write_csv
from paraisite.reports.figures import save_figure

_MAX_WIDTH: Final = 1000
"""Pixels that a page has for a picture; a wider one would be shrunk, and its text with it."""

_DPI: Final = 100
_N_COLOUR: Final = 64
_NO_COLOUR_LOST: Final = Image.Quantize.MAXCOVERAGE
"""Pillow's default takes the colours of few pixels, those of small markers and of a scale's ends, together; this one
needs a round of k-means (``kmeans``), or what covers much may get another hue: grey bands became light blue."""

_QUALITY: Final = 80
_FLOATS: Final = "%.6g"

Kind = Literal["png", "svg+xml", "webp"]


@dataclass(frozen=True, eq=False)
class NamedPoints:
    """Points in a figure's first axes that tell what they are where a reader points at them.

    Attributes:
        x: In the axes' units, [n_point].
        y: In the axes' units, [n_point].
        names: What is told of each, [n_point].
    """

    x: Floats
    y: Floats
    names: Sequence[str]


@dataclass(frozen=True)
class PlacedName:
    """A point of a picture with its name; places in pixels from the left and from above."""

    left: float
    top: float
    name: str


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of a report.

    Attributes:
        name: File name without ending.
        figure: The figure.
        data: The numbers that it shows.
        caption: One or two sentences.
        alt: Alternative text.
        points: Points of a scatter that tell their names; None for none.
    """

    name: str
    figure: Figure
    data: pd.DataFrame
    caption: str
    alt: str
    points: NamedPoints | None = None

    def save(self, folder: Path) -> None:
        """Write the figure as PNG, SVG and PDF, and its numbers as CSV beside them."""
        save_figure(self.figure, folder / self.name)
        write_csv(self.data, folder / f"{self.name}.csv", float_format=_FLOATS)

    def picture(self) -> "Picture":
        """Return the figure as a picture for a page: PNG in few colours, or WebP where that is smaller."""
        content = BytesIO()
        dpi = min(_DPI, _MAX_WIDTH / self.figure.get_figwidth())
        self.figure.savefig(content, format="png", dpi=dpi)
        image = Image.open(content).convert("RGB")
        few_colours = image.quantize(_N_COLOUR, method=_NO_COLOUR_LOST, kmeans=1, dither=Image.Dither.NONE)
        png, webp = BytesIO(), BytesIO()
        few_colours.save(png, "png", optimize=True)
        image.save(webp, "webp", quality=_QUALITY, method=6)
        kinds: dict[Kind, bytes] = {"png": png.getvalue(), "webp": webp.getvalue()}
        smaller = min(kinds, key=lambda kind: len(kinds[kind]))
        picture = Picture.of(kinds[smaller], smaller, caption=self.caption, alt=self.alt)
        return replace(picture, width=image.width, height=image.height, points=self._place_names(image, dpi=dpi))

    def _place_names(self, image: Image.Image, *, dpi: float) -> tuple[PlacedName, ...]:
        """Return where the points are in the figure's image; those outside of the axes are left out."""
        if self.points is None:
            return ()
        axes = self.figure.axes[0]
        pixels = axes.transData.transform(np.column_stack([self.points.x, self.points.y])) * dpi / self.figure.dpi
        inside = axes.viewLim.count_contains  # of one point at a time
        return tuple(
            PlacedName(round(float(left), 1), round(float(image.height - bottom), 1), name)
            for (left, bottom), x, y, name in zip(pixels, self.points.x, self.points.y, self.points.names, strict=True)
            if inside([(x, y)])
        )


@dataclass(frozen=True)
class Picture:
    """A picture within a page.

    Attributes:
        address: A "data:" address that holds it.
        caption: What is seen.
        alt: What it looks like.
        width: Pixels; 0 where it is not known.
        height: Pixels; likewise.
        points: Points that tell their names.
    """

    address: str
    caption: str
    alt: str
    width: int = 0
    height: int = 0
    points: tuple[PlacedName, ...] = ()

    @classmethod
    def of(cls, content: bytes, kind: Kind, *, caption: str, alt: str) -> Self:
        """Return a picture of a file's content."""
        return cls(f"data:image/{kind};base64,{base64.b64encode(content).decode()}", caption, alt)
