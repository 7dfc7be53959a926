"""Crystals of JSON: pymatgen's structures, and the documents of databases that hold one."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from pymatgen.core.lattice import Lattice

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.sources.aflow import GEOMETRY, POSITIONS
from paraisite.data.structure_columns import FRACTIONAL, LATTICE, SPECIES
from paraisite.data.structure_files.json_values import build_plain, name_of, parse_json, read_numbers
from paraisite.data.structure_files.optimade import read_optimade
from paraisite.data.structure_files.pymatgen_documents import read_pymatgen_document
from paraisite.data.structure_files.stated_facts import check_stated, read_stated_values
from paraisite.errors import StructureError

STRUCTURE: Final = "structure"
CIF_KEY: Final = "cif"
_CRYSTAL_KEYS: Final = {STRUCTURE, "lattice", "attributes", "lattice_vectors", LATTICE, GEOMETRY, "@class"}
"""One of these is in every document with a crystal, which may have further values under ``data``."""


def is_cif_key(name: object) -> bool:
    """Return whether a key or column, in whatever letters, is that of a CIF."""
    return isinstance(name, str) and name.lower() == CIF_KEY


def list_descriptions(values: Mapping[str, Any]) -> list[str]:
    """Return the keys of a document or row that each describe a crystal."""
    attributes = values.get("attributes")
    found = {
        "attributes": isinstance(attributes, Mapping) and "lattice_vectors" in attributes,
        STRUCTURE: values.get(STRUCTURE) is not None,
        "sites": values.get("sites") is not None and values.get("lattice") is not None,
        "lattice_vectors": values.get("lattice_vectors") is not None,
        LATTICE: (lattice := values.get(LATTICE)) is not None and len(lattice) > 0,  # empty where there is no crystal
        GEOMETRY: values.get(GEOMETRY) is not None,
        CIF_KEY: isinstance(values.get(CIF_KEY), str),
    }
    return [key for key, is_there in found.items() if is_there]


def crystal_of_document(document: Mapping[str, Any]) -> CrystalArrays | str:
    """Return the crystal of one document, or the reason why there is none."""
    try:
        return build_crystal(document)
    except StructureError as error:
        return str(error)
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError) as error:
        return f"not a readable crystal: {_one_line(error)}"


def list_documents(value: Any) -> Iterator[Mapping[str, Any] | str]:
    """Yield the documents of a JSON value: itself, the items of a list, or of a server's answer.

    In the place of an item that is no document stands the reason.

    Raises:
        StructureError: It holds something else; the message says what.
    """
    if isinstance(value, Mapping) and isinstance(value.get("data"), list | Mapping) and not _CRYSTAL_KEYS & set(value):
        value = value["data"]  # an answer of OPTIMADE or of the Materials Project
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list) and value:
        for number, item in enumerate(value, start=1):
            is_document = isinstance(item, Mapping)
            yield item if is_document else f"item {number} of the list is {name_of(item)}, expected a crystal"
    else:
        raise StructureError(f"the JSON holds {name_of(value)}, expected a crystal or a list of crystals")


def build_crystal(document: Mapping[str, Any]) -> CrystalArrays:
    """Return the crystal of a document, compared with what stands beside it.

    Args:
        document: pymatgen's structure; a document with such a ``structure``, as a ComputedStructureEntry or the
            Materials Project's summary; OPTIMADE's; or plain lists, as this project and AFLUX write them.

    Raises:
        StructureError: It is none of these, or cannot be used.
        KeyError: As TypeError, ValueError, OverflowError, IndexError and AttributeError: something is missing, or of
            another kind.
    """
    inner = _inner(document)
    if inner.get("lattice_vectors") is not None:
        crystal, stated = read_optimade(inner)
    elif inner.get("sites") is not None and inner.get("lattice") is not None:
        crystal, stated = read_pymatgen_document(inner), read_stated_values(document)
    elif inner.get(GEOMETRY) is not None:
        cell = np.array(Lattice.from_parameters(*read_numbers(inner[GEOMETRY], 6)).matrix)
        crystal, stated = build_plain(cell, inner[SPECIES], inner[POSITIONS]), read_stated_values(document)
    elif inner.get(LATTICE) is not None:
        crystal = build_plain(inner[LATTICE], inner[SPECIES], inner[FRACTIONAL])
        stated = read_stated_values(document)
    elif inner is document and STRUCTURE in document:
        raise StructureError(f"expected a crystal, found no structure, but {name_of(document[STRUCTURE])}: {_FORMS}")
    elif inner is document:
        raise StructureError(f"expected a crystal, found {name_of(document)}: {_FORMS}")
    else:
        raise StructureError(f"{name_of(document)} holds no structure, but {name_of(inner)}: {_FORMS}")
    if (crystal.atomic_number > 0).all():  # of others there is no formula
        check_stated(crystal, stated)
    return crystal


def _inner(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a document that describes the crystal: itself, its ``structure`` or OPTIMADE's attributes."""
    if isinstance(attributes := document.get("attributes"), Mapping) and "lattice_vectors" in attributes:
        return attributes
    structure = document.get(STRUCTURE)
    if isinstance(structure, str):
        structure = parse_json(structure)
    return structure if isinstance(structure, Mapping) else document


_FORMS: Final = (
    "known are pymatgen's structure, a document with such a 'structure', OPTIMADE's structures, and "
    f"{LATTICE}, {SPECIES} and {FRACTIONAL}"
)


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    text = lines[0][:200] if lines else type(error).__name__
    return f"{text} is missing" if isinstance(error, KeyError) else text
