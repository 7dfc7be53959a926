"""The syntax of a CIF: its blocks, and the values that their tags have; gemmi reads it.

Source: Hall, Allen and Brown, Acta Cryst. A47, 655 (1991), 10.1107/S010876739101067X; CIF 1.1.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import gemmi

from paraisite.data.structure_files.space_groups import plain_symbols
from paraisite.errors import StructureError

UNKNOWN: Final = (".", "?", "")
_READ_LOOPS: Final = ("_atom_site_", "_symmetry_", "_space_group_", "_cell_", "_atom_type_")
_READ: Final = (*_READ_LOOPS, "_chemical_formula", "_exptl_crystal_density", "_magnetic_")
"""Beginnings of the tags that describe the crystal, whose slips are not passed over."""

_HEADER: Final = re.compile(r"^([ \t]*data_)([^\n]*)", re.IGNORECASE | re.MULTILINE)
_QUOTED: Final = ("_symmetry_space_group_name", "_space_group_name", "_chemical_formula")
_PAIR: Final = re.compile(r"[ \t]*(_\S+)[ \t]+(\S.*)")
_ITEM: Final = re.compile(r"[ \t]*(?:_|loop_|data_|save_)", re.IGNORECASE)
_LOOP: Final = re.compile(r"[ \t]*loop_", re.IGNORECASE)
_TAG_ALONE: Final = re.compile(r"[ \t]*_\S+[ \t]*(?:#.*)?$")
_TAG_OF_LINE: Final = re.compile(r"^[ \t]*(_\S+)", re.MULTILINE)
_TAGS: Final = re.compile(r"(?<!\S)_\S+")
_FRACTION: Final = re.compile(r"([+-]?\d{1,6})/(\d{1,6})")


@dataclass
class CifBlock:
    """One block of a CIF.

    Attributes:
        name: What stands behind ``data_``.
        values: Of each tag, in lower case and with underscores only, as they stand in the file.
        disputed: Tags that stand there twice, with different values.
    """

    name: str
    values: dict[str, list[str]] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)

    def add(self, tag: str, values: list[str]) -> None:
        """Add a tag's values; one that is not known says nothing beside another."""
        key = tag.lower().replace(".", "_").rstrip("_")
        if key not in self.values or _is_unknown(self.values[key]):
            self.values[key] = values
        elif self.values[key] != values and not _is_unknown(values):
            self.disputed.add(key)

    def column(self, *tags: str) -> list[str] | None:
        """Return the values of the first of these tags that is there, as text, or None.

        Raises:
            StructureError: The tag stands there twice, with different values.
        """
        for tag in tags:
            if tag in self.values:
                if tag in self.disputed:
                    raise StructureError(f"{tag} stands there twice, with different values")
                return [gemmi.cif.as_string(value) for value in self.values[tag]]
        return None

    def text(self, *tags: str) -> str | None:
        """Return the value of the first of these tags that says anything, or None."""
        for tag in tags:
            values = self.column(tag)
            if values and len(values) == 1 and (value := " ".join(values[0].split())) not in UNKNOWN:
                return value
        return None

    def number(self, *tags: str) -> float | None:
        """Return a number without its uncertainty, or None where there is none.

        Raises:
            StructureError: It is no number.
        """
        text = self.text(*tags)
        return None if text is None else as_number(text, what=tags[0])

    def stated_number(self, *tags: str) -> float | None:
        """Return a number, or None where there is none: what is written in words says nothing to compare."""
        try:
            return self.number(*tags)
        except StructureError:
            return None


def _is_unknown(values: list[str]) -> bool:
    return len(values) == 1 and gemmi.cif.as_string(values[0]).strip() in UNKNOWN


def as_number(text: str, *, what: str) -> float:
    """Return a number without its uncertainty: "0.281(2)" is 0.281, and 1/3 is a third.

    Raises:
        StructureError: It is none.
    """
    value = gemmi.cif.as_number(text)
    if math.isnan(value):
        plain = plain_symbols(text.strip())
        match = _FRACTION.fullmatch(plain)
        value = int(match[1]) / int(match[2]) if match and int(match[2]) else gemmi.cif.as_number(plain)
    if not math.isfinite(value):
        raise StructureError(f"{what} is {text[:40]!r}, expected a number")
    return value


def read_blocks(text: str) -> list[CifBlock]:
    """Return the blocks of a CIF.

    Raises:
        ValueError: It is none; the message names the line.
    """
    return [_read_block(block) for block in _parse(text)]


def _parse(text: str) -> gemmi.cif.Document:
    """Return gemmi's blocks; slips that leave no doubt on what is meant are mended.

    These are: no header, or a preface before it; a header of several words; a symbol or formula of several words
    without quotes; and any slip where nothing is said of the crystal, as a quotation mark that is missing, or a value
    of a list.
    """
    try:
        return gemmi.cif.read_string(text, check_level=0)
    except ValueError as error:
        mended = _mend_lines(_put_header(_HEADER.sub(_join_words, text)))
        try:
            return gemmi.cif.read_string(mended, check_level=0)
        except ValueError:
            place = re.sub(r"^string:(\d+):\d+\(\d+\):", r"line \1:", str(error))
            raise ValueError(place) from error


def _put_header(text: str) -> str:
    """Return a CIF that begins with a header: without a preface before it, unless that is a block without a header."""
    first = _HEADER.search(text)
    if first is None or any(map(_is_of_crystal, _TAG_OF_LINE.findall(text[: first.start()]))):
        return f"data_\n{text}"
    return text[first.start() :]


def _mend_lines(text: str) -> str:
    """Return a CIF with quoted symbols and formulas, and without what says nothing of the crystal and is no CIF."""
    *items, last = _split_items(text.splitlines())
    lines = [line for item in items for line in (item if _is_good(item) else _mend_item(item))]
    return "\n".join([*lines, *_mend_item(last, may_be_cut_off=True)]) + "\n"


def _is_good(item: Sequence[str]) -> bool:
    """Return whether an item needs no mending: it says nothing of the crystal's cell and atoms, and is CIF by itself.

    Names are kept so, which may say what has no position.
    """
    if not _is_aside(item):
        return False
    try:
        gemmi.cif.read_string("\n".join(["data_", *item, ""]), check_level=0)
    except ValueError:
        return False
    return True


def _split_items(lines: Sequence[str]) -> list[list[str]]:
    """Return the lines of each item of a CIF: a tag with its value, a loop with its values, or a header."""
    items: list[list[str]] = [[]]
    in_text = in_head = False
    for line in lines:
        if not in_text and _ITEM.match(line) and not (in_head and _TAG_ALONE.match(line)):
            items.append([])
            in_head = _LOOP.match(line) is not None
        elif line.strip() and not _TAG_ALONE.match(line):
            in_head = False
        items[-1].append(line)
        in_text ^= line.startswith(";")
    return items


def _is_aside(item: Sequence[str]) -> bool:
    """Return whether an item says nothing of the crystal; a text that holds a tag of the crystal may be open."""
    tags = _TAGS.findall("\n".join(item))
    return bool(tags) and not any(map(_is_of_crystal, tags))


def _is_of_crystal(tag: str) -> bool:
    return tag.lower().replace(".", "_").startswith(_READ)


def _mend_item(item: Sequence[str], *, may_be_cut_off: bool = False) -> list[str]:
    if _is_aside(item) and _LOOP.match(item[0]) and not may_be_cut_off:
        return []
    match = _PAIR.match(item[0]) if item else None
    if match is None:
        return list(item)
    rest = [] if _is_aside(item) and not may_be_cut_off else item[1:]
    return [_mend_pair(match[1], match[2].strip()), *rest]


def _mend_pair(tag: str, value: str) -> str:
    key = tag.lower().replace(".", "_")
    if not key.startswith(_READ):
        value = "?"
    elif key.startswith(_QUOTED) and " " in value and not any(mark in value for mark in "'\"#"):
        value = f"'{value}'"
    return f"{tag} {value}"


def _join_words(match: re.Match[str]) -> str:
    return f"{match[1]}{'_'.join(match[2].split())}"


def _read_block(block: gemmi.cif.Block) -> CifBlock:
    read = CifBlock(block.name.strip())
    for item in block:
        if item.pair is not None:
            pair = cast("tuple[str, str]", item.pair)
            read.add(pair[0], [pair[1]])
        elif item.loop is not None:
            tags = item.loop.tags
            if any(tag.lower().replace(".", "_").startswith(_READ_LOOPS) for tag in tags):
                values = item.loop.values
                for place, tag in enumerate(tags):
                    read.add(tag, values[place :: len(tags)])
    return read
