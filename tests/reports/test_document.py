"""The page: it loads nothing, names everything, and escapes what it is given."""

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from paraisite.reports.axes import new_figure
from paraisite.reports.document import CaptionedTable, Section, page, write_page
from paraisite.reports.pictures import Drawn, Picture

LOADING = {"src", "srcset", "data", "poster", "action", "background"}


class Page(HTMLParser):
    """What a browser would load of a page, and the text for a reader who does not see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.without_alt = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.loaded += [value for name, value in given.items() if name in LOADING or (tag, name) == ("link", "href")]
        self.loaded += [value for name, value in given.items() if name == "style" and "url(" in value]
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        self.without_alt += tag == "img" and not given.get("alt")


def drawn(name: str = "line") -> Drawn:
    figure, axes = new_figure(3, 2)
    axes.plot([1, 2], [3, 4])
    return Drawn(name, figure, pd.DataFrame({"x": [1, 2], "y": [3.0, 4.0]}), "A line.", "A line that rises.")


@pytest.fixture
def sections() -> list[Section]:
    table = pd.DataFrame({"<b>": ["**1.0** ± 2", "&"]}, index=pd.Index(["a", "b"], name="model"))
    picture = Picture.of(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg+xml", caption="Elsewhere.", alt="A square.")
    return [
        Section("First: words", words=("One **bold** word, 1 < 2.",), figures=(drawn(),), pictures=(picture,)),
        Section(
            "Second",
            tables=(CaptionedTable("A table.", table),),
            folded=(drawn("folded"), CaptionedTable("Folded.", table)),
        ),
        Section("Third", missing=("python -m paraisite compare",)),
    ]


def test_the_page_loads_nothing_and_has_no_script(sections: list[Section]) -> None:
    text = page(sections, title="Report", lead="All of it.")
    found = Page(text)
    assert found.loaded
    assert all(address.startswith("data:image/") for address in found.loaded)
    assert not {"script", "iframe", "object", "embed", "base"} & set(found.tags)
    assert "@import" not in text
    assert "url(" not in text


def test_a_reader_who_does_not_see_it_is_told_everything(sections: list[Section]) -> None:
    found = Page(page(sections, title="Report", lead="All of it."))
    assert found.without_alt == 0
    assert found.tags.count("h1") == 1
    assert found.tags.count("h2") == found.tags.count("section") == 3
    assert found.tags.count("caption") == found.tags.count("table") == 2
    assert found.tags.count("figcaption") == found.tags.count("img") == 3
    assert len(found.ids) == len(set(found.ids))
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)


def test_a_link_to_a_folded_section_leads_inside_it_so_that_a_browser_unfolds_it(sections: list[Section]) -> None:
    text = page([dataclasses.replace(each, opened=False) for each in sections], title="A page", lead="Of tests.")
    linked = [link.removeprefix("#") for link in Page(text).links if link != "#content"]
    assert len(linked) == len(sections)
    for name in linked:
        before, after = text.split(f'id="{name}"')
        assert before.rfind("</summary>") > before.rfind("<details")
        assert after.find("</details>") >= 0


def test_bold_parts_are_bold_and_all_else_is_text(sections: list[Section]) -> None:
    text = page(sections, title="Report", lead="All of it.")
    assert "One <strong>bold</strong> word, 1 &lt; 2." in text
    assert "<td><strong>1.0</strong> ± 2</td>" in text
    assert "&lt;b&gt;" in text


def test_what_is_absent_names_its_command(sections: list[Section]) -> None:
    assert "<code>python -m paraisite compare</code> computes them" in page(sections, title="Report", lead="All of it.")


def test_figures_lie_beside_the_page_with_their_numbers(sections: list[Section], tmp_path: Path) -> None:
    write_page(sections, title="Report", lead="All of it.", path=tmp_path / "new" / "report.html")
    names = {file.name for file in (tmp_path / "new" / "figures").iterdir()}
    assert names == {f"{name}.{ending}" for name in ("line", "folded") for ending in ("png", "svg", "pdf", "csv")}
    assert pd.read_csv(tmp_path / "new" / "figures" / "line.csv")["y"].tolist() == [3.0, 4.0]
