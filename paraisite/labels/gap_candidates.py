"""Candidates of the kinds that accurate data sets lack: known crystals first, then decorations of types that are rare.

Phonix and Togo15 hold crystals with a band gap. Of 2,938 trusted rows of the Phonix sample 37 have metals alone, 17 are
elements, 40 carbides, 71 borides and 88 hydrides; 47 conduct better than 50 W/m/K, and none of the 933 halides does.
"""

import random
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Final

import numpy as np
from pymatgen.analysis.structure_prediction.volume_predictor import DLSVolumePredictor
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.labels.decorate import Candidate, candidate, decorate
from paraisite.labels.gap_prototypes import GAP_PROTOTYPES
from paraisite.labels.known_crystals import COMPOUNDS, ELEMENTS, MIXED_CRYSTALS
from paraisite.labels.known_failures import KNOWN_FAILURES
from paraisite.labels.prototypes import ELEMENTAL, PROTOTYPES, Prototype

Decoration = tuple[Prototype, dict[str, str]]
"""A structure type and the element of each slot."""

RARE_TYPES: Final = (
    "matlockite",
    "cadmium_iodide",
    "cadmium_chloride",
    "platinum_sulfide",
    "litharge",
    "antiperovskite",
    "delafossite",
    "zirconium_beryllium_silicide",
    "calcium_aluminium_silicide",
    "lanthanum_oxysulfide",
    "tungsten_carbide",
    "antifluorite",
)
"""Types of at most six atoms of which Phonix has few crystals, or one family only, and that charges can fill."""

_PROTOTYPES: Final = {prototype.name: prototype for prototype in (*PROTOTYPES, *ELEMENTAL, *GAP_PROTOTYPES)}
_STAND_INS: Final = ("Na", "Mg", "Al")
_CUBIC_ANGSTROM_PER_CUBIC_CM_PER_MOL: Final = 1.0 / 0.602214076
_NEIGHBOUR_ANGSTROM: Final = 6.0
_PREFERENCE_OF_CHEAP: Final = 1.5
"""1 gives every type the same computing time, 0 the same number of crystals; cheap types come sooner as it grows. With
1.5 the first 300 crystals are of 76 types and take 13 hours of one core if all are stable, twice as many 31."""

_N_PREDICTION: Final = 2
"""Of a volume: one changes it by factors between 0.5 and 1.5."""


def gap_candidates(*, seed: int, excluded_formulas: Collection[str], n_decorated: int = 200) -> Iterator[Candidate]:
    """Yield candidates, no structure type with the same elements twice, in an order that the seed fixes.

    The first so many hold all types: each gets the same share of computing time, so that cheap types have more crystals
    early. Known and mixed crystals come first, decorations after all of them. ``part_order`` says
    which of them a campaign computes first.

    Args:
        seed: Decides the order of a type's candidates, and which decorations are drawn.
        excluded_formulas: Formulas that may not occur, reduced or not.
        n_decorated: Number of decorations, fewer where the rare types are exhausted.
    """
    excluded = {Composition(formula).reduced_formula for formula in excluded_formulas}.union(*KNOWN_FAILURES.values())
    known = [made for made in known_crystals() if _composition(*made).reduced_formula not in excluded]
    for prototype, elements in _take_turns(known, seed):
        yield _build_known(prototype, elements)
    ids = {_identify(*made) for made in known}
    drawn = decorate(seed=seed, excluded_formulas=excluded, prototypes=tuple(_PROTOTYPES[name] for name in RARE_TYPES))
    for made in _take_turns(islice((made for made in drawn if _identify(*made) not in ids), n_decorated), seed):
        yield candidate(*made)


def known_crystals() -> Iterator[Decoration]:
    """Yield every element, compound and mixed crystal of ``labels.known_crystals``, type after type."""
    for table in (ELEMENTS, COMPOUNDS, MIXED_CRYSTALS):
        for name, words in table.items():
            prototype = _PROTOTYPES[name]
            for word in words.split():
                yield prototype, dict(zip(prototype.slots, re.findall("[A-Z][a-z]?", word), strict=True))


def _take_turns(decorations: Iterable[Decoration], seed: int) -> list[Decoration]:
    """Return decorations by what their type will have cost with them."""
    of_type: dict[str, list[Decoration]] = {}
    for prototype, elements in decorations:
        of_type.setdefault(prototype.name, []).append((prototype, elements))
    turns = []
    for name, made in of_type.items():
        cost = _relative_cost(_PROTOTYPES[name])
        made = _mix_light_and_drawn(made, random.Random(f"{seed} {name}"))
        turns += [(cost**_PREFERENCE_OF_CHEAP * (place + 1), name, each) for place, each in enumerate(made)]
    return [each for *_, each in sorted(turns, key=lambda turn: turn[:2])]


def _mix_light_and_drawn(decorations: list[Decoration], rng: random.Random) -> list[Decoration]:
    """Return a type's decorations: the lightest left and one drawn in turn, as light atoms are what conducts best."""
    drawn = rng.sample(decorations, len(decorations))
    light = sorted(drawn, key=lambda made: _composition(*made).weight)
    mixed = {_identify(*made): made for pair in zip(light, drawn, strict=True) for made in pair}
    return list(mixed.values())


@cache
def _relative_cost(prototype: Prototype) -> float:
    """Return about how many times as long as an atom on a cubic lattice a crystal takes.

    A point group of higher order needs fewer displacements, and leaves fewer third-order constants free.
    """
    template = _template(prototype)
    n_operation = len(SpacegroupAnalyzer(template, symprec=1e-3).get_point_group_operations())
    return float(len(template) * 48.0 / n_operation)


@cache
def _template(prototype: Prototype) -> Structure:
    return prototype.build(dict(zip(prototype.slots, _STAND_INS, strict=False)), volume_per_atom_cubic_angstrom=20.0)


def _composition(prototype: Prototype, elements: dict[str, str]) -> Composition:
    amounts = _template(prototype).composition
    formula = (
        f"{elements[slot]}{amounts[stand_in]:g}" for slot, stand_in in zip(prototype.slots, _STAND_INS, strict=False)
    )
    return Composition("".join(formula))


def _identify(prototype: Prototype, elements: dict[str, str]) -> str:
    return f"{prototype.name}:{'-'.join(elements[slot] for slot in prototype.slots)}"


def _build_known(prototype: Prototype, elements: dict[str, str]) -> Candidate:
    symbols = [elements[slot] for slot in prototype.slots]
    structure = _template(prototype).copy()
    structure.replace_species(dict(zip(_STAND_INS, symbols, strict=False)))
    structure = structure.scale_lattice(_guess_volume(structure))
    return Candidate(_identify(prototype, elements), prototype.name, structure)


def _guess_volume(structure: Structure) -> float:
    """Return about what volume the cell has at rest, Å³.

    An element has its molar volume. In metals' compounds bonds have the length that such bonds have elsewhere. That
    makes salts a third too small: for others it is the mean of this and of what Slater's radii give for unlike atoms,
    with which half of 490 small crystals of Phonix and the Materials Project are within 10 % of their volume.

    Source: Slater, J. Chem. Phys. 41, 3199 (1964), 10.1063/1.1725697, and pymatgen's data-mined lattice scaling.
    """
    symbols = structure.symbol_set
    if len(symbols) == 1:
        per_atom = float(Element(symbols[0]).molar_volume) * _CUBIC_ANGSTROM_PER_CUBIC_CM_PER_MOL
        return per_atom * len(structure)
    predictor = DLSVolumePredictor()
    mined = structure
    for _ in range(_N_PREDICTION):
        mined = mined.scale_lattice(predictor.predict(mined))
    if all(Element(symbol).is_metal for symbol in symbols):
        return float(mined.volume)
    radius = np.array([site.specie.atomic_radius for site in structure], dtype=float)
    centre, neighbour, _, distance = structure.get_neighbor_list(_NEIGHBOUR_ANGSTROM)
    unlike = np.array(structure.atomic_numbers)[centre] != np.array(structure.atomic_numbers)[neighbour]
    scale = np.max(((radius[centre] + radius[neighbour]) / distance)[unlike])
    return float(np.sqrt(mined.volume * structure.volume * scale**3))
