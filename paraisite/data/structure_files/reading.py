"""The one way in for crystals: files, texts and rows of tables are read here, whichever verb asks.

What a file states is compared with what was read, and a reader's warning is the reason why a file is refused: nothing
is guessed, because a guess is another crystal.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from pymatgen.core.structure import Structure

from paraisite.core.settings_file import parse_yaml
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.structure_files.cif import count_cif_crystals, parse_cif
from paraisite.data.structure_files.content import decode, end_lines, limited, read_content, unpack
from paraisite.data.structure_files.extended_xyz import read_frames
from paraisite.data.structure_files.formats import Format, format_of, split_number
from paraisite.data.structure_files.json_values import parse_json
from paraisite.data.structure_files.other_formats import read_other_format
from paraisite.data.structure_files.poscar import parse_poscar, parse_xdatcar
from paraisite.data.structure_files.stated_facts import check_same, check_stated, compared_columns, read_stated_values
from paraisite.data.validation import find_unusable
from paraisite.errors import StructureError

MAX_YAML_CHARACTERS: Final = 500_000
"""Which its parser takes seconds for."""

_PARQUET: Final = "PAR1"
"""What a parquet table begins with; it is never unpacked as a whole, as a text is."""


class FoundCrystal(NamedTuple):
    """One crystal of a file.

    Attributes:
        facts: What stands beside it: metadata of a frame, the other values of a document.
        crystal: The crystal, or the reason why there is none.
        block: Name of a CIF's block; empty for other formats.
    """

    facts: Mapping[str, Any]
    crystal: CrystalArrays | str
    block: str = ""


def read_file(path: Path) -> list[FoundCrystal]:
    """Return the crystals of a file, packed or not, in order; what cannot be read is one reason.

    Of a file with several, "two.cif#2" is the second alone.
    """
    name, number = split_number(path.name)
    if number is not None and not path.exists() and (file := path.with_name(name)).is_file():
        found = read_file(file)
        wanted = found[number - 1 : number] if number > 0 else []
        return wanted or [_reason(f"the file holds {len(found)} crystals, expected a number up to that")]
    try:
        if path.is_dir():
            return [_reason("the folder holds no structure file")]
        content = read_content(path)
    except FileNotFoundError:
        return [_reason("file not found")]
    except (OSError, ValueError) as error:
        refused = error.strerror if isinstance(error, OSError) else None
        return [_reason(f"not a readable structure file: {refused or one_line(error)}")]
    text = decode(content)
    kind = format_of(path.name, text)
    return _parse(partial(_parse_text, text, kind, path.name, path), kind="structure file", text=text)


def read_file_once(path: Path) -> list[FoundCrystal]:
    """Return the crystals of a file as ``read_file`` does; of the last two files, read again only if they change."""
    try:
        state = path.stat()
    except OSError:
        return read_file(path)
    return _read_unchanged(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read_unchanged(path: Path, modified_ns: int, n_byte: int) -> list[FoundCrystal]:
    return read_file(path)


def parse_content(content: object, name: str = "") -> list[FoundCrystal]:
    """Return the crystals of an upload, a request or the standard input, in order.

    Args:
        content: Bytes, packed or not, or text, of any format that ``read_file`` knows but those that only pymatgen
            reads; what is neither, as the empty cell of a table, is a reason.
        name: What the file is called; where that says nothing, the content says which format it has.
    """
    if not isinstance(content, bytes | str):
        return [_reason(f"not a readable structure: found {str(content)[:40]!r}, expected text")]
    try:
        text = (
            end_lines(limited(content).removeprefix("\ufeff")) if isinstance(content, str) else decode(unpack(content))
        )
    except ValueError as error:
        return [_reason(f"not a readable structure: {one_line(error)}")]
    kind = format_of(name, text)
    return _parse(partial(_parse_text, text, kind, name), kind="structure", text=text)


def read_row(values: Mapping[str, Any]) -> CrystalArrays | str:
    """Return the crystal of a row of a table or of JSON lines, or the reason why there is none.

    A column ``structure`` may hold pymatgen's dictionary or its JSON, or the text of a CIF or POSCAR; without one, the
    row itself is a document, or has a crystal's lists. The other columns are compared with the crystal; where several
    describe one, they have to describe the same, and one that cannot be read says nothing.
    """
    from paraisite.data.structure_files.json_documents import (
        CIF_KEY,
        STRUCTURE,
        crystal_of_document,
        is_cif_key,
        list_descriptions,
    )

    values = {CIF_KEY if is_cif_key(name) else name: value for name, value in values.items()}
    described = list_descriptions(values)
    if len(described) > 1:
        return _read_descriptions(values, described)
    text = values.get(STRUCTURE)
    if text is None and isinstance(values.get(CIF_KEY), str):
        text = values[CIF_KEY]
    if not isinstance(text, str) or text.lstrip()[:1] in ("{", "["):
        return _usable(crystal_of_document(values))
    found = parse_content(text)
    if len(found) != 1:
        return f"the text holds {len(found)} structures, expected one"
    return compare_with_stated(found[0].crystal, values)


def _read_descriptions(values: Mapping[str, Any], described: Sequence[str]) -> CrystalArrays | str:
    """Return the crystal of a row that describes one in several ways, if they are the same, else the reason."""
    from paraisite.data.structure_files.json_documents import CIF_KEY

    stated = {*described, *compared_columns(values)}
    plain = {name: value for name, value in values.items() if name not in stated}
    crystals = {"CIF" if name == CIF_KEY else name: read_row(plain | {name: values[name]}) for name in described}
    usable = {name: crystal for name, crystal in crystals.items() if not isinstance(crystal, str)}
    for (first, one), (second, other) in pairwise(usable.items()):
        try:
            check_same(one, other)
        except StructureError as error:
            return f"the row's {first} is not that of its {second}: {error}"
    return compare_with_stated(next(iter((usable or crystals).values())), values)


def compare_with_stated(crystal: CrystalArrays | str, values: Mapping[str, Any]) -> CrystalArrays | str:
    """Return a crystal that agrees with the formula and the like that stand beside it, else the reason; a reason stays.

    Args:
        crystal: A crystal, or the reason why there is none.
        values: The other values of its row, by column.
    """
    try:
        if not isinstance(crystal, str):
            check_stated(crystal, read_stated_values(values))
    except StructureError as error:
        return str(error)
    return crystal


def compare_with_row(crystal: CrystalArrays | str, values: Mapping[str, Any]) -> CrystalArrays | str:
    """Return a crystal that agrees with a row that it stands in: with a CIF in it, and with the formula and the like.

    Args:
        crystal: A crystal, or the reason why there is none, which stays.
        values: The other values of its row, by column.
    """
    from paraisite.data.structure_files.json_documents import is_cif_key

    cif = next((value for name, value in values.items() if is_cif_key(name) and isinstance(value, str)), None)
    if cif and not isinstance(crystal, str) and not isinstance(other := only_crystal(parse_content(cif)), str):
        try:
            check_same(crystal, other)
        except StructureError as error:
            return f"the row's structure is not that of its CIF: {error}"
    return compare_with_stated(crystal, values)


def read_structure(path: Path) -> Structure | str:
    """Return the only crystal of a file, or the reason why there is none."""
    return only_structure(read_file(path))


def only_structure(found: list[FoundCrystal]) -> Structure | str:
    """Return the only one of some crystals as pymatgen knows it, or the reason why there is none."""
    return to_structure(only_crystal(found))


def only_crystal(found: list[FoundCrystal]) -> CrystalArrays | str:
    """Return the only one of some crystals, or the reason why there is none."""
    return found[0].crystal if len(found) == 1 else f"holds {len(found)} crystals, expected one"


def to_structure(crystal: CrystalArrays | str) -> Structure | str:
    """Return a crystal as pymatgen knows it; a reason stays one."""
    return crystal if isinstance(crystal, str) else crystal.structures()[0]


def count_crystals(path: Path) -> int:
    """Return how many crystals ``read_file`` finds, without reading a file that can hold only one."""
    try:
        content = read_content(path)
        text = decode(content)
        kind = format_of(path.name, text)
        if kind is Format.CIF:
            return count_cif_crystals(text)
    except (OSError, ValueError):
        return 1
    return 1 if kind in (Format.POSCAR, Format.OTHER) else len(read_file(path))


def _parse_text(text: str, kind: Format, name: str, path: Path | None = None) -> list[FoundCrystal]:
    if text.startswith(_PARQUET):
        raise StructureError("a parquet table: `paraisite screen FILE.parquet` predicts its rows")
    if kind is Format.CIF:
        return [FoundCrystal({}, crystal, name) for name, crystal in parse_cif(text)]
    if kind is Format.POSCAR:
        return [FoundCrystal({}, parse_poscar(text))]
    if kind is Format.XDATCAR:
        return [FoundCrystal({}, crystal) for crystal in parse_xdatcar(text)]
    if kind is Format.EXTENDED_XYZ:
        return [FoundCrystal(facts, crystal) for facts, crystal in read_frames(StringIO(text))]
    if kind is Format.OTHER:
        return [FoundCrystal({}, read_other_format(name, text, path))]
    if kind in (Format.JSON, Format.YAML):
        from paraisite.data.structure_files.json_documents import list_documents  # and with it pyarrow

        return [
            _reason(document) if isinstance(document, str) else FoundCrystal(document, read_row(document))
            for document in list_documents(parse_json(text) if kind is Format.JSON else _parse_yaml(text))
        ]
    return [_parse_line(line) for line in text.splitlines() if line.strip()]


def _parse_yaml(text: str) -> Any:
    if len(text) > MAX_YAML_CHARACTERS:
        raise StructureError(
            f"YAML of {len(text)} characters, expected at most {MAX_YAML_CHARACTERS}: write CIF or JSON"
        )
    return parse_yaml(text, where="it", max_values=MAX_YAML_CHARACTERS)


def _parse_line(line: str) -> FoundCrystal:
    try:
        value = parse_json(line)
    except ValueError as error:
        return _reason(f"not a line of JSON: {one_line(error)}")
    if not isinstance(value, dict):
        return _reason("expected an object with a crystal in each line of JSON")
    return FoundCrystal(value, read_row(value))


def _parse(parse: Callable[[], list[FoundCrystal]], *, kind: str, text: str | None = None) -> list[FoundCrystal]:
    """Return what a parser finds; whatever it raises is the reason of one crystal."""
    if text is not None and not text.strip():
        return [_reason("the text is empty" if kind == "structure" else f"not a readable {kind}: it is empty")]
    try:
        found = parse()
    except StructureError as error:
        return [_reason(str(error))]
    except RecursionError:
        return [_reason(f"not a readable {kind}: it is nested too deeply")]
    # Parsers raise almost any exception on a damaged file: that must cost one row, not all of them.
    except Exception as error:
        return [_reason(f"not a readable {kind}: {one_line(error)}")]
    return [one._replace(crystal=_usable(one.crystal)) for one in found]


def _usable(crystal: CrystalArrays | str) -> CrystalArrays | str:
    """Return a crystal whose sites all hold elements; what else may be wrong is found where many are checked."""
    if isinstance(crystal, str) or (crystal.n_atom[0] and (crystal.atomic_number > 0).all()):
        return crystal
    return find_unusable(crystal).get(0, "a site holds no chemical element")


def _reason(reason: str) -> FoundCrystal:
    return FoundCrystal({}, reason)


def one_line(error: Exception) -> str:
    """Return an error's message for people, in one line."""
    lines = str(error).splitlines()
    if isinstance(error, LookupError):  # a parser's "list index out of range" means nothing to who wrote the file
        return f"it ends too early, or something is missing ({', '.join([type(error).__name__, *lines[:1]])})"
    return lines[0][:300] if lines else type(error).__name__
