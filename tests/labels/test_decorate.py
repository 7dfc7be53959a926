"""Decorations: sensible, the same every time, and none of a formula that is kept for tests."""

from itertools import islice

import pytest
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from paraisite.labels.decorate import ANION_CHARGES, CATIONS, candidate, decorate
from paraisite.labels.prototypes import PROTOTYPES

ROCKSALT = PROTOTYPES[0]


def formulas(excluded: frozenset[str] = frozenset(), *, seed: int = 1, n: int = 600) -> list[str]:
    found = islice(decorate(seed=seed, excluded_formulas=excluded), n)
    return [f"{prototype.name} {'-'.join(elements.values())}" for prototype, elements in found]


def test_the_seed_decides_everything():
    assert formulas() == formulas()
    assert formulas() != formulas(seed=2)


def test_prototypes_take_turns_by_weight_and_nothing_comes_twice():
    found = formulas()
    assert len(set(found)) == len(found)
    first_round = [prototype.name for prototype in PROTOTYPES for _ in range(prototype.weight)]
    assert [line.split()[0] for line in found[: len(first_round)]] == first_round


def test_atoms_of_perovskites_fit():
    (perovskite,) = (prototype for prototype in PROTOTYPES if prototype.name == "perovskite")
    found = [tuple(e.values()) for _, e in decorate(seed=1, excluded_formulas=(), prototypes=(perovskite,))]
    assert {("Sr", "Ti", "O"), ("Cs", "Pb", "I"), ("K", "Mg", "F")} <= set(found)
    assert not {("Ti", "Sr", "O"), ("Mg", "K", "F"), ("Mg", "Zr", "O")} & set(found)


def test_a_shorter_campaign_is_the_start_of_a_longer_one():
    assert formulas(n=100) == formulas(n=300)[:100]


def test_at_least_sixty_elements_occur():
    assert len(set(CATIONS) | set(ANION_CHARGES)) >= 60
    used = {symbol for line in formulas() for symbol in line.split()[1].split("-")}
    assert len(used) >= 60


def test_excluded_formulas_do_not_occur():
    every_salt = decorate(seed=1, excluded_formulas=(), prototypes=(ROCKSALT,))
    assert {"A": "Na", "X": "Cl"} in [elements for _, elements in every_salt]
    others = decorate(seed=1, excluded_formulas={"NaCl", "MgO"}, prototypes=(ROCKSALT,))
    reduced = {Composition("".join(elements.values())).reduced_formula for _, elements in others}
    assert "KBr" in reduced
    assert not reduced & {"NaCl", "MgO"}


def test_anions_attract_electrons_most():
    for prototype, elements in islice(decorate(seed=3, excluded_formulas=()), 200):
        anions = [Element(elements[slot]).X for slot in prototype.slots if slot in prototype.anions]
        cations = [Element(elements[slot]).X for slot in prototype.slots if slot not in prototype.anions]
        assert min(anions) > max(cations)


@pytest.mark.parametrize(
    ("name", "elements", "bond_angstrom"),
    [
        ("rocksalt", {"A": "Na", "X": "Cl"}, 2.82),
        ("zincblende", {"A": "Ga", "X": "As"}, 2.45),
        ("fluorite", {"A": "Ca", "X": "F"}, 2.37),
        ("perovskite", {"A": "Sr", "B": "Ti", "X": "O"}, 1.95),
    ],
)
def test_bonds_start_near_their_measured_length(name: str, elements: dict[str, str], bond_angstrom: float):
    prototype = next(prototype for prototype in PROTOTYPES if prototype.name == name)
    found = candidate(prototype, elements)
    bonds = found.structure.get_neighbor_list(4.0)[3]
    assert min(bonds) == pytest.approx(bond_angstrom, rel=0.15)
    assert found.candidate_id == f"{name}:{'-'.join(elements.values())}"


def test_every_decoration_becomes_a_structure():
    for prototype, elements in islice(decorate(seed=5, excluded_formulas=()), 60):
        structure = candidate(prototype, elements).structure
        assert {site.specie.symbol for site in structure} == set(elements.values())
        assert 3.0 < structure.volume / len(structure) < 150.0
