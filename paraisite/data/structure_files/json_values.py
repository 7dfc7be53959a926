"""Values of JSON, looked at one by one: NumPy takes true for 1 and a text for the number that it holds."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, CrystalArrays
from paraisite.data.validation import MAX_ATOMS, too_many_atoms
from paraisite.errors import StructureError

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPED_COLON: Final = re.compile(rb"\\u003a", re.IGNORECASE)


def parse_json(content: bytes | str) -> Any:
    """Return the value that a JSON text holds; Python's own reader, which is slower, also takes NaN.

    Raises:
        ValueError: It is no JSON, or a key of it stands twice in one object, with different values.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return _parse_slowly(content, error)
    return _parse_slowly(content) if _may_repeat_keys(content, value) else value


def _parse_slowly(content: bytes | str, cause: Exception | None = None) -> Any:
    try:
        value = json.loads(content, object_pairs_hook=_unique_pairs)
        written = json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError(str(error)) from cause
    if _SURROGATE.search(written):  # nothing could write it again
        raise ValueError("a text in it holds half of a character (a lone surrogate)") from cause
    return value


def _may_repeat_keys(content: bytes | str, value: Any) -> bool:
    """Return whether fewer colons come out of a text than are in it: each key of an object has one behind it."""
    text = content if isinstance(content, bytes) else content.encode()
    try:
        n_written = orjson.dumps(value).count(b":")
    except TypeError:  # it is nested deeper than orjson writes
        return True
    return text.count(b":") != n_written or _ESCAPED_COLON.search(text) is not None


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ValueError(f"the key {key[:40]!r} stands there twice, with different values")
    return found


def build_plain(lattice: Any, species: Any, coords: Any, *, cartesian: bool = False) -> CrystalArrays:
    """Return the crystal of plain lists.

    Args:
        lattice: Nine numbers, or three vectors, Å.
        species: Element symbol of each atom.
        coords: Three numbers for each atom, in one list or in lists of three.
        cartesian: Whether the coordinates are, Å.

    Raises:
        StructureError: There are too many atoms, or one is no element.
        ValueError: The numbers do not make a cell and as many places as symbols.
        TypeError: A number is none, or a symbol is no text.
    """
    if isinstance(species, str) or not isinstance(species, Sequence):
        raise TypeError(f"the species are {name_of(species)}, expected a list of symbols")
    if len(species) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(species)))
    if not set(map(type, species)) <= {str} and (wrong := [name for name in species if not isinstance(name, str)]):
        raise TypeError(f"a species is {name_of(wrong[0])}, expected an element's symbol")
    places = flatten_numbers(coords, width=3)
    if places.size != 3 * len(species) or not len(species):
        raise ValueError(f"{places.size} coordinates for {len(species)} atoms, expected three each and an atom")
    cell = flatten_numbers(lattice, width=3)
    if cell.size != 9:
        raise ValueError(f"the cell has {cell.size} numbers, expected three vectors of three")
    matrix, places = cell.reshape(3, 3), places.reshape(-1, 3)
    if cartesian:
        places = np.array(np.linalg.solve(matrix.T, places.T).T, np.float64)
    numbers = {symbol: atomic_number_of(symbol) for symbol in dict.fromkeys(species)}
    return build_arrays(matrix, [numbers[symbol] for symbol in species], places)


def build_arrays(
    matrix: npt.NDArray[np.float64], numbers: Sequence[int], places: npt.NDArray[np.float64]
) -> CrystalArrays:
    """Return one crystal of vectors, Å, atomic numbers and fractional coordinates, [n_atom, 3]."""
    return CrystalArrays(matrix[None], np.array([len(numbers)]), places, np.array(numbers, np.int64))


def atomic_number_of(symbol: str) -> int:
    """Return what stands for a symbol in ``CrystalArrays``.

    Raises:
        StructureError: It names no element.
    """
    if symbol not in ATOMIC_NUMBERS:
        raise StructureError(f"unknown element {symbol[:40]!r}")
    return ATOMIC_NUMBERS[symbol]


def flatten_numbers(values: Any, *, width: int | None = None) -> npt.NDArray[np.float64]:
    """Return numbers in lists, or in lists of lists, one after another.

    Args:
        values: Such lists.
        width: How many numbers an inner list has.

    Raises:
        TypeError: One is none: what is true or a text is no number.
        ValueError: An inner list is of another width.
    """
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "fiu":
            raise TypeError(f"an array of {values.dtype}, expected numbers")
        return np.array(values, np.float64).ravel()
    items = list(values)
    if items and isinstance(items[0], list | tuple | np.ndarray):
        if width is not None and (wrong := next((item for item in items if _len(item) != width), None)) is not None:
            raise ValueError(f"{_len(wrong)} numbers in a list, expected {width}")
        items = list(chain.from_iterable(items))
    kinds = set(map(type, items))
    if not kinds <= {int, float} and (wrong := [item for item in items if type(item) not in (int, float)]):
        raise TypeError(f"{name_of(wrong[0])} stands where a number is expected")
    return np.array(items, np.float64)


def _len(item: Any) -> int:
    return len(item) if isinstance(item, list | tuple | np.ndarray) else 1


def read_numbers(values: Any, count: int) -> list[float]:
    """Return as many numbers as expected; errors as ``flatten_numbers``."""
    numbers = flatten_numbers(values)
    if numbers.size != count:
        raise ValueError(f"{numbers.size} numbers, expected {count}")
    return [float(number) for number in numbers]


def name_of(value: Any) -> str:
    """Return what a JSON value is, for people."""
    if isinstance(value, Mapping):
        kind = value.get("@class")
        keys = ", ".join(str(key)[:30] for key in list(value)[:6])
        return f"a {kind}" if isinstance(kind, str) else f"a document with {keys or 'no key'}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else f"the {type(value).__name__} {str(value)[:40]!r}"
