"""Which format a file has, by its name or by its text, and which files of a folder hold crystals."""

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from paraisite.data.structure_files.content import PACKED_SUFFIXES, plain_name

EXTENDED_XYZ_SUFFIXES: Final = (".extxyz", ".xyz")
JSON_LINES_SUFFIXES: Final = (".jsonl", ".ndjson")
_PATTERNS: Final = (
    "*.cif",
    "*.mcif",
    "*.mmcif",
    "*poscar*",
    "*contcar*",
    "*xdatcar*",
    "*.vasp",
    "*.cssr",
    "*.xsf",
    "*.res",
    "*.json",
)
_FOLDER_PATTERNS: Final = tuple(
    f"{pattern}{suffix}"
    for pattern in (*_PATTERNS, *(f"*{suffix}" for suffix in EXTENDED_XYZ_SUFFIXES))
    for suffix in ("", *PACKED_SUFFIXES)
)
"""Which files of a folder are taken for structures, in any case of letters; a file that is named itself may be anything
that pymatgen reads."""

_CIF_TEXT: Final = re.compile(r"^[ \t]*(data_|loop_|_cell_)", re.MULTILINE | re.IGNORECASE)
_EXTENDED_XYZ_TEXT: Final = re.compile(r"\s*\d+[ \t]*\r?\n.*(?:Lattice|Properties)=", re.IGNORECASE)
_XDATCAR_TEXT: Final = re.compile(r"^[ \t]*direct[ \t]+configuration[ \t]*=", re.IGNORECASE | re.MULTILINE)


_NUMBERED: Final = re.compile(r"(.+)#(\d{1,9})")


class Format(StrEnum):
    """How a file is written."""

    CIF = "CIF"
    POSCAR = "POSCAR"
    XDATCAR = "XDATCAR"
    EXTENDED_XYZ = "extended XYZ"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    YAML = "YAML"
    OTHER = "another format of pymatgen"


_BY_NAME: Final = {
    Format.CIF: r"\.(?:m|mm)?cif$",
    Format.XDATCAR: r"xdatcar",
    Format.POSCAR: r"poscar|contcar|chgcar|locpot|\.vasp$",
    Format.EXTENDED_XYZ: r"\.(?:ext)?xyz$",
    Format.JSON_LINES: r"\.(?:jsonl|ndjson)$",
    Format.JSON: r"\.json$",
    Format.YAML: r"\.ya?ml$",
    Format.OTHER: r"\.(?:cssr|xsf|res|xml|config|pwmat|nc)$|rndstr\.in|lat\.in|bestsqs|ctrl$",
}


def format_of(name: str, text: str) -> Format:
    """Return the format of a file's text, by its name, or where that says nothing by the text."""
    plain = Path(plain_name(name)).name.lower()
    for kind, pattern in _BY_NAME.items():
        if re.search(pattern, plain):
            return Format.POSCAR if kind is Format.XDATCAR and not _XDATCAR_TEXT.search(text) else kind
    start = text.lstrip()[:1]
    if start in ("{", "["):
        first, _, rest = text.strip().partition("\n")
        is_one_of_many = first.startswith("{") and first.rstrip().endswith("}") and rest.strip()
        return Format.JSON_LINES if is_one_of_many else Format.JSON
    if _EXTENDED_XYZ_TEXT.match(text):
        return Format.EXTENDED_XYZ
    if _CIF_TEXT.search(text):
        return Format.CIF
    return Format.XDATCAR if _XDATCAR_TEXT.search(text) else Format.POSCAR


def is_structure_file(path: Path) -> bool:
    """Return whether a file's name is one of a structure file, packed or not."""
    plain = plain_name(path.name).lower()
    return any(re.search(pattern, plain) for kind, pattern in _BY_NAME.items() if kind is not Format.JSON_LINES)


def is_extended_xyz(path: Path) -> bool:
    """Return whether a file is extended XYZ, packed or not, by its name."""
    return Path(plain_name(path.name)).suffix.lower() in EXTENDED_XYZ_SUFFIXES


def list_structure_files(folder: Path) -> list[Path]:
    """Return the structure files of a folder, extended XYZ among them, in order of their names.

    A pipe, a device or a link that leads nowhere is listed, too, so that reading it says so.
    """
    return sorted(
        file
        for file in folder.iterdir()
        if any(fnmatchcase(file.name.lower(), pattern) for pattern in _FOLDER_PATTERNS) and not file.is_dir()
    )


def name_crystal(file_name: str, number: int, *, is_only: bool = False) -> str:
    """Return the name of one of a file's crystals, by its number from 1: "two.cif#2"; the only one has the file's."""
    return file_name if is_only else f"{file_name}#{number}"


def split_number(name: str) -> tuple[str, int | None]:
    """Return a file's name, and which of its crystals is meant, as in "two.cif#2"; None for the only one."""
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, None)
