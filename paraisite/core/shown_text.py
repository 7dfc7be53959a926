"""Names and ids as what they are, text: nothing in a file's name or a table's id acts on what shows it."""

import html
import re
from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_QUOTE: Final = "'"
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>#|~$])")


def escape_controls(text: str) -> str:
    r"""Return a text on one line: control characters and undecodable bytes as ``\x1b``, ``\n`` or ``\udcff``.

    In a terminal they would move the cursor, clear the screen, or end the output.
    """
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def escape_undecodable(text: str) -> str:
    r"""Return a text that can be written as UTF-8: a file name's bytes that are none stand there as ``\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode()


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one that begins like it gets a quote in front.

    Numbers stay as they are.
    """
    if not text.startswith((*_FORMULA_STARTS, _QUOTE)) or _NUMBER.fullmatch(text):
        return text
    return _QUOTE + text


def restore_formula(text: str) -> str:
    """Return the text that ``escape_formula`` was given."""
    return text[1:] if text.startswith(_QUOTE) else text


def escape_html(text: str) -> str:
    """Return a text that HTML, Plotly's labels among it, shows as it is: no tag, link or entity."""
    return html.escape(escape_controls(text), quote=False)


def escape_markdown(text: str) -> str:
    """Return a text that markdown, Streamlit's among it, shows as it is: no link, picture, heading or colour."""
    return _MARKDOWN.sub(r"\\\1", escape_controls(text))
