"""Contributions of atoms and shells of bonds to the prediction of an ensemble of networks.

All members see all graphs, each with another part hidden, in one batch. An atom is hidden by giving it the mean of the
embeddings of all elements of the training set; its bonds remain. A shell is hidden by expanding its bonds' lengths
to zeros, which is what MEGNet's Gaussians make of a bond far longer than any: a shell that is removed would leave
crystals with a single shell without any bond, for which the network's means are not defined.
"""

import dataclasses
from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element

from paraisite.explain.contributions import Contributions, InputPart
from paraisite.graphs.crystal_graph import CrystalGraph, GraphCollection
from paraisite.graphs.quotient import distance_shells
from paraisite.inference.calibration import floored_log10
from paraisite.models.ensemble import Ensemble

METHOD: Final = (
    "An atom is hidden by giving it the mean embedding of the training materials' elements, a shell of bonds by leaving"
    " out their lengths."
)
SHELL_TOLERANCE_ANGSTROM: Final = 0.05
"""Bonds of two elements whose lengths chain up in steps below this are one shell; see ``distance_shells``."""

_MANY_BONDS: Final = 1 << 18
"""Bonds of all graphs together from which on compiling the network takes less than it saves."""

_HIDDEN_ELEMENT: Final = 0
"""No element has this number: its row of the embedding is free."""

_HIDDEN_LENGTH_ANGSTROM: Final = np.float32(np.inf)
"""Every Gaussian of it is zero."""


def occlude_graph(ensemble: Ensemble, graph: GraphCollection, *, trained: npt.NDArray[np.bool_]) -> Contributions:
    """Return what each atom (of the quotient) and each shell of a crystal does to the members' predictions.

    Args:
        ensemble: Members that predict kappa.
        graph: The crystal, alone.
        trained: Which elements the training set holds, bool [n_element].

    Raises:
        DataError: A prediction with a part hidden is not finite.
    """
    parts, occluded = occlude_parts(graph)
    return Contributions.from_predictions(
        parts, predict_with_parts_hidden(ensemble, occluded, trained=trained), method=METHOD
    )


def occlude_parts(graph: GraphCollection) -> tuple[list[InputPart], GraphCollection]:
    """Return a crystal's parts, and it with nothing, with each part in turn, and with all of them hidden.

    What is hidden has a meaning for ``predict_with_parts_hidden`` only.
    """
    crystal = graph[0]
    pairs, shell_of_bond = _shells(crystal)
    return [*_atom_parts(crystal), *_shell_parts(crystal, pairs, shell_of_bond)], _occluded(graph, shell_of_bond)


def predict_with_parts_hidden(
    ensemble: Ensemble, occluded: GraphCollection, *, trained: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return every member's log10(kappa) of what ``occlude_parts`` returned, [n_member, n_part + 2]."""
    from paraisite.models.ensemble_prediction import predict_members

    is_large = int(occluded.n_bond.sum()) > _MANY_BONDS
    return floored_log10(predict_members(_hiding(ensemble, trained), occluded, compiled=is_large).output)


def _hiding(ensemble: Ensemble, trained: npt.NDArray[np.bool_]) -> Ensemble:
    """Return the ensemble with an embedding for a hidden element."""
    embedding = ensemble.parameters["atom_embedding"].copy()
    embedding[:, _HIDDEN_ELEMENT] = embedding[:, np.flatnonzero(trained)].mean(axis=1)
    return dataclasses.replace(ensemble, parameters=ensemble.parameters | {"atom_embedding": embedding})


def _occluded(graph: GraphCollection, shell_of_bond: npt.NDArray[np.int64]) -> GraphCollection:
    """Return the graph, then with each atom hidden, with each shell hidden, and with all of them hidden."""
    n_atom, n_bond = graph.sizes[0]
    n_row = n_atom + shell_of_bond.max() + 3
    hides_atom = np.zeros((n_row, n_atom), np.bool_)
    hides_atom[1 : n_atom + 1] = np.eye(n_atom)
    hides_bond = np.zeros((n_row, n_bond), np.bool_)
    hides_bond[n_atom + 1 : -1] = shell_of_bond == np.arange(shell_of_bond.max() + 1)[:, None]
    hides_atom[-1] = hides_bond[-1] = True
    copies = graph.take(np.zeros(n_row, np.int64))
    return dataclasses.replace(
        copies,
        atomic_number=np.where(hides_atom.ravel(), np.int32(_HIDDEN_ELEMENT), copies.atomic_number),
        bond_distance_angstrom=np.where(hides_bond.ravel(), _HIDDEN_LENGTH_ANGSTROM, copies.bond_distance_angstrom),
    )


def _shells(crystal: CrystalGraph) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the pairs of elements of each shell, int32 [n_shell, 2], and each bond's shell, int64 [n_bond]."""
    ends = crystal.atomic_number[np.stack([crystal.bond_centre, crystal.bond_neighbour], axis=1)]
    pairs, pair_of_bond = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    order = np.argsort(pair_of_bond, kind="stable")
    within = np.empty(len(order), np.int64)
    within[order] = distance_shells(
        pair_of_bond[order].astype(np.int64),
        crystal.bond_distance_angstrom[order].astype(np.float64),
        distance_tolerance_angstrom=SHELL_TOLERANCE_ANGSTROM,
    )
    keys, shell_of_bond = np.unique(np.stack([pair_of_bond, within], axis=1), axis=0, return_inverse=True)
    return pairs[keys[:, 0]], shell_of_bond.astype(np.int64)


def _atom_parts(crystal: CrystalGraph) -> list[InputPart]:
    """Return each atom's name, numbered where several atoms of an element differ in their surroundings."""
    symbols = [_symbol(number) for number in crystal.atomic_number.tolist()]
    n_alike, seen, parts = Counter(symbols), Counter[str](), []
    for symbol, multiplicity in zip(symbols, crystal.atom_multiplicity.tolist(), strict=True):
        seen[symbol] += 1
        label = symbol if n_alike[symbol] == 1 else f"{symbol} ({seen[symbol]})"
        parts.append(InputPart("atom", label, f"{multiplicity:g} in the cell"))
    return parts


def _shell_parts(
    crystal: CrystalGraph, pairs: npt.NDArray[np.int32], shell_of_bond: npt.NDArray[np.int64]
) -> list[InputPart]:
    """Return each shell's name: its elements by rising electronegativity, its mean length, and its size."""
    n_bond = crystal.atom_multiplicity[crystal.bond_centre] * crystal.bond_multiplicity
    from_element = crystal.atomic_number[crystal.bond_centre]
    parts = []
    for shell, pair in enumerate(pairs.tolist()):
        of_shell = shell_of_bond == shell
        length = np.average(crystal.bond_distance_angstrom[of_shell], weights=n_bond[of_shell])
        first, second = sorted(Element.from_Z(number) for number in pair)
        n_centre = crystal.atom_multiplicity[crystal.atomic_number == first.Z].sum()
        n_around = n_bond[of_shell & (from_element == first.Z)].sum() / n_centre
        parts.append(InputPart("shell", f"{first}–{second} {length:.2f} Å", f"{n_around:.3g} around each {first}"))
    return parts


def _symbol(atomic_number: int) -> str:
    return str(Element.from_Z(atomic_number).symbol)
