"""What surrounds each atom: how far its neighbours are, how many, in which directions, which, and how stiffly bound.

Springs are no potential: a bond's stiffness is taken to fall with its length, in units of the covalent radii, by one
law for all elements. What a model learns from is how it compares from crystal to crystal.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import numpy as np
from numpy.polynomial.legendre import leg2poly

from paraisite.arrays import Floats, Ints, Singles
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.descriptors import Descriptor
from paraisite.features.element_properties import covalent_radii_angstrom, tabulate_elements
from paraisite.features.neighbour_shells import N_NEIGHBOUR, SHELL_WIDTH, Shells, weigh_shell

_SHELL_WIDTHS: Final = {"narrow": 0.06, "medium": SHELL_WIDTH, "wide": 0.3}
_RANKS: Final = (2, 4, 6, 8, 12)
_DEGREES: Final = (1, 2, 3, 4, 6)
_LEGENDRE: Final = {
    degree: [(power, value) for power, value in enumerate(leg2poly([0.0] * degree + [1.0]).tolist()) if value]
    for degree in _DEGREES
}
"""Powers in these polynomials, with their coefficients."""

_ROUNDING: Final = 1e-13
"""Of a mean of Legendre polynomials, whose coefficients are up to 20."""

_LEAST_ANGLES: Final = 1e-9
_NEGLIGIBLE: Final = 1e-13
"""Bonds whose pairs weigh less than this of all of an atom's change no digit that is kept."""

_BONDS_PER_GROUP: Final = 4
"""Atoms whose numbers of bonds differ by less are described at once: each step costs, however few atoms it is for."""

_COSINES: Final = (-1.0, -1.0 / 2.0, -1.0 / 3.0, 0.0, 1.0 / 2.0)
_COSINE_WIDTH: Final = 0.15
_NO_SHARE: Final = 30.0
"""Squared widths beyond which a cosine counts as if it were here, 1e-13: subnormal numbers would double the time."""

_EXPONENTIAL_ANGSTROM: Final = 0.3
_LEAST_STIFFNESS: Final = 1e-6

SPRINGS: Final = {
    "exponential": "exp(-(d - r)/0.3 Å) with the covalent radii's sum r",
    "power": "(r/d)⁶ with the covalent radii's sum r",
}
"""Stiffness of a bond of length d, without unit."""

ENVIRONMENTS: Final = (
    Descriptor("log10_nearest", "log10(Å)", "Distance to the nearest neighbour."),
    Descriptor("log10_reduced_nearest", "", "The same in units of the covalent radii's sum."),
    *(
        Descriptor(f"reduced_{rank}_over_nearest", "", f"Distance to neighbour {rank} over that to the nearest.")
        for rank in _RANKS
    ),
    Descriptor("largest_gap", "", "Largest ratio of two successive neighbours' distances."),
    Descriptor("bond_length_deviation", "", "Relative standard deviation of the bond lengths in the shell."),
    *(
        Descriptor(f"log10_coordination_{name}", "", f"Neighbours in a shell of relative width {width:g}.")
        for name, width in _SHELL_WIDTHS.items()
    ),
    *(
        Descriptor(f"order_{degree}", "", f"Steinhardt's bond-orientational order of degree {degree} in the shell.")
        for degree in _DEGREES
    ),
    *(
        Descriptor(f"angles_{number}", "", f"Share of bond angles with a cosine near {cosine:.2f}.")
        for number, cosine in enumerate(_COSINES)
    ),
    Descriptor("electronegativity_difference", "", "Mean difference of electronegativity to the neighbours."),
    Descriptor("ionicity", "", "Pauling's ionic character of the bonds, mean over the shell."),
    Descriptor("neighbour_electronegativity", "", "Mean electronegativity of the neighbours."),
    Descriptor("neighbour_ionization_energy", "eV", "Mean first ionization energy of the neighbours."),
    Descriptor("log10_neighbour_mass_ratio", "", "Mean mass of the neighbours over the atom's."),
    *(
        Descriptor(f"{name}_{law}", unit, f"{meaning}, for springs {SPRINGS[law]}.")
        for law in SPRINGS
        for name, unit, meaning in (
            ("log10_bond_frequency_squared", "log10(1/u)", "Sum over the bonds of stiffness over reduced mass"),
            ("log10_softest_direction", "log10(1/u)", "Stiffness of the softest direction over the mass"),
            ("log10_softest_over_stiffest", "", "Stiffness of the softest direction over that of the stiffest"),
        )
    ),
)
"""Of an atom; see ``describe_environments``. Bond-orientational order: Steinhardt, Nelson and Ronchetti, Phys. Rev. B
28, 784 (1983), 10.1103/PhysRevB.28.784."""


def describe_environments(crystals: CrystalArrays, shells: Shells, springs: Mapping[str, Floats]) -> Floats:
    """Return the columns of ``ENVIRONMENTS`` of every atom, [n_atom, n_descriptor].

    Args:
        crystals: The crystals.
        shells: Their atoms' neighbours.
        springs: The bonds' stiffness, of ``compute_stiffness``.
    """
    if not len(shells.neighbour):
        return np.zeros((0, len(ENVIRONMENTS)))
    weight = shells.weight
    columns = [
        *_distances(shells, weight),
        *(
            np.log10((weight if width == SHELL_WIDTH else weigh_shell(shells, width)).sum(axis=1))
            for width in _SHELL_WIDTHS.values()
        ),
        *_angles(shells, weight),
        *_chemistry(crystals, shells, weight),
        *_softness(crystals, shells, springs),
    ]
    return np.stack(columns, axis=1)


def compute_stiffness(crystals: CrystalArrays, shells: Shells) -> dict[str, Floats]:
    """Return each bond's stiffness by the laws of ``SPRINGS``, [n_atom, n_neighbour] each."""
    radii = covalent_radii_angstrom()[crystals.atomic_number]
    touching = radii[:, None] + radii[shells.neighbour]
    stretched = shells.distance_angstrom - touching
    return {
        "exponential": np.exp(-stretched / _EXPONENTIAL_ANGSTROM) * shells.taper,
        # Products: NumPy's power takes ten times as long.
        "power": shells.taper / (shells.reduced * shells.reduced * shells.reduced) ** 2,
    }


def _distances(shells: Shells, weight: Floats) -> Iterator[Floats]:
    reduced, total = shells.reduced, weight.sum(axis=1)
    yield np.log10(shells.distance_angstrom[:, :N_NEIGHBOUR].min(axis=1))
    yield np.log10(reduced[:, 0])
    for rank in _RANKS:
        yield reduced[:, rank - 1] / reduced[:, 0]
    yield (reduced[:, 1:N_NEIGHBOUR] / reduced[:, : N_NEIGHBOUR - 1]).max(axis=1)
    mean = (weight * shells.distance_angstrom).sum(axis=1) / total
    variance = (weight * (shells.distance_angstrom - mean[:, None]) ** 2).sum(axis=1) / total
    yield np.sqrt(variance) / mean


def _angles(shells: Shells, weight: Floats) -> Iterator[Floats]:
    """Yield the bond-orientational order of each of ``_DEGREES``, then the share of the angles near each cosine.

    Both are sums over the pairs of bonds, of functions of the angle between them.
    """
    total = weight.sum(axis=1)
    # Without a second bond in the shell there is no angle, and no share of one. Each pair counts in both directions.
    n_angle = np.maximum(2.0 * (weight[:, 1:] * np.cumsum(weight, axis=1)[:, :-1]).sum(axis=1), _LEAST_ANGLES)
    # Weights fall from neighbour to neighbour: the first few are all that count, of most atoms less than half.
    n_counted = (weight > _NEGLIGIBLE * (n_angle / weight[:, 0])[:, None]).sum(axis=1)
    n_counted = np.minimum(-(-n_counted // _BONDS_PER_GROUP) * _BONDS_PER_GROUP, weight.shape[1])
    powers = np.zeros((max(_DEGREES) + 1, len(weight)))
    shares = np.zeros((len(_COSINES), len(weight)))
    for n_bond in np.unique(n_counted).tolist():
        atoms = np.flatnonzero(n_counted == n_bond)
        first, second = _list_pairs(n_bond)
        of_atoms, direction = weight[atoms, :n_bond], shells.direction[:, atoms, :n_bond]
        pairs = of_atoms.take(first, axis=1) * of_atoms.take(second, axis=1)
        cosine = np.matmul(direction.transpose(1, 2, 0), direction.transpose(1, 0, 2))
        cosine = cosine.reshape(len(atoms), -1).take(first * n_bond + second, axis=1)
        for power, total_of_pairs in _sum_powers(pairs, cosine).items():
            powers[power, atoms] = 2.0 * total_of_pairs
        shares[:, atoms] = 2.0 * _sum_near(pairs, cosine)
    # A bond with itself is a pair, too, in the square of their sum.
    means = (powers + (weight * weight).sum(axis=1)) / total**2
    for degree in _DEGREES:
        order = sum(value * (means[power] if power else 1.0) for power, value in _LEGENDRE[degree])
        # Where symmetry makes the mean zero, the root of what rounding leaves would be seen as a value.
        yield np.sqrt(np.where(order < _ROUNDING, 0.0, order))
    yield from shares / n_angle


@cache
def _list_pairs(n_bond: int) -> tuple[Ints, Ints]:
    """Return the first and the second of each pair of so many bonds, each [n_pair]."""
    return np.triu_indices(n_bond, 1)


def _sum_powers(pairs: Floats, cosine: Floats) -> dict[int, Floats]:
    """Return the weighted sums of those powers of the cosines that the polynomials of ``_DEGREES`` consist of.

    Args:
        pairs: Weight of each pair of an atom's bonds, [n_atom, n_pair].
        cosine: Of the angle between the two, same shape.
    """
    square = cosine * cosine
    fourth, of_first, of_second = square * square, pairs * cosine, pairs * square
    return {
        1: of_first.sum(axis=1),
        2: of_second.sum(axis=1),
        3: _sum_products(of_first, square),
        4: _sum_products(of_second, square),
        6: _sum_products(of_second, fourth),
    }


def _sum_near(pairs: Floats, cosine: Floats) -> Floats:
    """Return the weighted number of cosines near each of ``_COSINES``, [n_cosine, n_atom]; arguments as above.

    In single precision, whose exponential takes NumPy a quarter of the time.
    """
    weights, scaled = pairs.astype(np.float32), cosine.astype(np.float32)
    scaled /= _COSINE_WIDTH
    sums = np.empty((len(_COSINES), len(pairs)))
    for number, centre in enumerate(_COSINES):
        beyond = scaled - centre / _COSINE_WIDTH
        beyond *= beyond
        np.minimum(beyond, _NO_SHARE, out=beyond)
        np.negative(beyond, out=beyond)
        sums[number] = _sum_products(weights, np.exp(beyond, out=beyond))
    return sums


def _sum_products(some: Floats | Singles, others: Floats | Singles) -> Floats:
    """Return the sum of the products in each row, [n_row]."""
    sums: Floats = np.einsum("np,np->n", some, others)
    return sums


def _chemistry(crystals: CrystalArrays, shells: Shells, weight: Floats) -> Iterator[Floats]:
    elements = {name: values[crystals.atomic_number] for name, values in tabulate_elements().items()}
    total = weight.sum(axis=1)

    def mean(values: Floats) -> Floats:
        of_shell: Floats = (weight * values).sum(axis=1) / total
        return of_shell

    own, of_neighbours = (elements["electronegativity"][atoms] for atoms in (slice(None), shells.neighbour))
    difference = np.abs(own[:, None] - of_neighbours)
    yield mean(difference)
    yield mean(1.0 - np.exp(-0.25 * difference**2))
    yield mean(of_neighbours)
    yield mean(elements["ionization_energy"][shells.neighbour])
    mass = 10.0 ** elements["log10_mass"]
    yield np.log10(mean(mass[shells.neighbour]) / mass)


def _softness(crystals: CrystalArrays, shells: Shells, springs: Mapping[str, Floats]) -> Iterator[Floats]:
    mass = 10.0 ** tabulate_elements()["log10_mass"][crystals.atomic_number]
    inverse_reduced_mass = 1.0 / mass[:, None] + 1.0 / mass[shells.neighbour]
    for stiffness in springs.values():
        softest, stiffest = _find_extreme_eigenvalues(_sum_dyads(stiffness, shells.direction))
        yield np.log10(np.maximum((stiffness * inverse_reduced_mass).sum(axis=1), _LEAST_STIFFNESS))
        yield np.log10(np.maximum(softest, _LEAST_STIFFNESS) / mass)
        yield np.log10(np.maximum(softest, _LEAST_STIFFNESS) / np.maximum(stiffest, _LEAST_STIFFNESS))


def _sum_dyads(stiffness: Floats, direction: Floats) -> Floats:
    """Return the sum over each atom's bonds of stiffness times direction's dyad, lower triangles, [3, 3, n_atom]."""
    tensor = np.zeros((3, 3, len(stiffness)))
    for row, along in enumerate(direction):
        weighted = stiffness * along
        for column in range(row + 1):
            tensor[row, column] = _sum_products(weighted, direction[column])
    return tensor


def _find_extreme_eigenvalues(tensor: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest eigenvalue of symmetric matrices, given lower triangles, [3, 3, n_matrix].

    By Cardano's formula: LAPACK takes fifteen times as long for matrices of this size. Of two eigenvalues that are
    equal, each is off by 1e-8 of the highest. Source: Smith, Commun. ACM 4, 168 (1961), 10.1145/355578.366316.
    """
    diagonal, below = tensor[[0, 1, 2], [0, 1, 2]], tensor[[1, 2, 2], [0, 0, 1]]
    centre = diagonal.mean(axis=0)
    a, b, c = diagonal - centre
    d, e, f = below
    radius = np.sqrt((a * a + b * b + c * c + 2.0 * (d * d + e * e + f * f)) / 6.0)
    determinant = a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)
    # Of a multiple of the unit matrix there is no angle, and any will do.
    cosine = determinant / np.maximum(2.0 * radius**3, np.finfo(np.float64).tiny)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0)) / 3.0
    lowest, highest = (centre + 2.0 * radius * np.cos(angle + turn) for turn in (2.0 * np.pi / 3.0, 0.0))
    return lowest, highest
