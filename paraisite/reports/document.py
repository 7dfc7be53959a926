"""A report as one self-contained HTML page: sections of paragraphs, tables and pictures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from paraisite.reports.pictures import Drawn, Picture

_TEMPLATE: Final = "report.html.jinja"
_BOLD: Final = "**"
_CODE: Final = "`"
"""Around parts of words and cells that stand out, and around commands, as in markdown."""


@dataclass(frozen=True, eq=False)
class CaptionedTable:
    """A table of a report.

    Attributes:
        caption: What its rows and columns are.
        table: Of text; the index heads the rows.
    """

    caption: str
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Section:
    """A section of a report.

    Attributes:
        title: Heading.
        words: Paragraphs.
        points: Short sentences in a list, below the paragraphs.
        figures: Drawn here; their numbers are written beside the page.
        pictures: Drawn elsewhere.
        tables: With their captions.
        folded: Tables and figures that a reader opens on demand.
        missing: Commands that make what is absent; with these there is nothing else to show.
        opened: Whether all of it is seen at once; else a reader opens it by its heading.
    """

    title: str
    words: Sequence[str] = ()
    points: Sequence[str] = ()
    figures: Sequence[Drawn] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[CaptionedTable] = ()
    folded: Sequence[Drawn | CaptionedTable] = ()
    missing: Sequence[str] = ()
    opened: bool = False

    @property
    def anchor(self) -> str:
        """The section's id within the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def all_figures(self) -> list[Drawn]:
        """All that was drawn here, the folded ones among it."""
        return [*self.figures, *(item for item in self.folded if isinstance(item, Drawn))]


def write_page(sections: Sequence[Section], *, title: str, lead: str, path: Path) -> None:
    """Write the page, and its figures with their numbers into ``figures/`` beside it.

    Args:
        sections: In order.
        title: Of the page.
        lead: A sentence below the title.
        path: Of the page.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(sections, title=title, lead=lead), encoding="utf-8")
    for section in sections:
        for drawn in section.all_figures:
            drawn.save(path.parent / "figures")


def page(sections: Sequence[Section], *, title: str, lead: str) -> str:
    """Return the page's text; see ``write_page``."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["parts"] = lambda text: str(text).split(_BOLD)
    environment.filters["code_parts"] = lambda text: str(text).split(_CODE)
    environment.tests["drawn"] = lambda item: isinstance(item, Drawn)
    return environment.get_template(_TEMPLATE).render(sections=sections, title=title, lead=lead)
