"""A figure with what a reader needs beside it: its numbers, its caption, and words for those who do not see it."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from paraisite.reports.figures import save_figure

_DPI: Final = 96
_FLOATS: Final = "%.6g"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure of a report.

    Attributes:
        name: File name without ending.
        figure: The figure.
        data: The numbers that it shows.
        caption: What is seen, in a sentence or two.
        alt: What it looks like, for a reader who does not see it.
    """

    name: str
    figure: Figure
    data: pd.DataFrame
    caption: str
    alt: str

    def save(self, folder: Path) -> None:
        """Write the figure as PNG, SVG and PDF, and its numbers as CSV beside them."""
        save_figure(self.figure, folder / self.name)
        self.data.to_csv(folder / f"{self.name}.csv", index=False, float_format=_FLOATS)

    def inline(self) -> str:
        """Return the figure as an address that holds it: a PNG, which is smaller than the SVG of many points."""
        content = BytesIO()
        self.figure.savefig(content, format="png", dpi=_DPI, pil_kwargs={"optimize": True})
        return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
