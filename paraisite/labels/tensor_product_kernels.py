"""The tensor product of an equivariant network, summed over neighbours, in compiled loops.

Written as operations on arrays, a tensor product of features with spherical harmonics makes an array of all products
for each path of angular momenta, for each pair of atoms: hundreds of megabytes for a supercell, of which the gradient
takes several times as much. Here every pair is taken once, and what it adds to its atom stays in the processor's cache.

Arrays have channels last, so that the innermost loops run over channels. Loops are compiled by Numba on first use,
which takes some seconds, and kept on disk.

Source: Geiger and Smidt, arXiv 2207.09453 (e3nn); Batzner et al., Nat. Commun. 13, 2453 (2022),
10.1038/s41467-022-29939-5, equation 7 (the convolution).
"""

from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from paraisite.arrays import Ints
from paraisite.labels.compiled_loops import compile_loops

MAX_COMPONENTS: Final = 7
"""Components of an angular momentum of at most three."""


class PathTable(NamedTuple):
    """The paths of a tensor product, an entry for each.

    Attributes:
        n_channel: Channels that the path takes from the features, and gives.
        n_input: Components of the features' angular momentum, 1, 3, 5 or 7.
        n_output: Of the angular momentum that comes out.
        input_start: Where the features of the path start in a row of all features, [n_input, n_channel].
        output_start: Where its output starts in a row of all, [n_output, n_channel].
        weight_start: Where its weights start, [n_channel].
        coupling_start: Where its couplings start, [n_input, n_output].
    """

    n_channel: Ints
    n_input: Ints
    n_output: Ints
    input_start: Ints
    output_start: Ints
    weight_start: Ints
    coupling_start: Ints

    @property
    def n_output_value(self) -> int:
        """Length of a row of outputs."""
        return int((self.n_output * self.n_channel).sum())


class Neighbours(NamedTuple):
    """Pairs of atoms, those of an atom together.

    Attributes:
        first_pair: Of each atom, and at the end the number of pairs, int64, [n_atom + 1].
        neighbour: The other atom of each pair, int64, [n_pair].
        radius: Row of the weights for each pair's distance, int64, [n_pair].
    """

    first_pair: Ints
    neighbour: Ints
    radius: Ints


_compile = partial(compile_loops, reorders_sums=True)


@_compile
def sum_products(
    features: Any, couplings: Any, weights: Any, neighbours: Neighbours, paths: PathTable, output: Any
) -> None:
    """Add to each atom's output what its neighbours' features give.

    Args:
        features: Of each atom, [n_atom, n_feature].
        couplings: Of each pair, spherical harmonics times Wigner's symbols, [n_pair, n_coupling].
        weights: For each distance, [n_radius, n_weight].
        neighbours: Pairs of atoms.
        paths: Of the tensor product.
        output: Is added to, [n_atom, n_output].
    """
    product = np.empty((MAX_COMPONENTS, paths.n_channel.max()), dtype=features.dtype)
    for atom in range(len(output)):
        of_atom = output[atom]
        for pair in range(neighbours.first_pair[atom], neighbours.first_pair[atom + 1]):
            row, of_radius = features[neighbours.neighbour[pair]], weights[neighbours.radius[pair]]
            coupling = couplings[pair]
            for path in range(len(paths.n_channel)):
                n_channel, n_output = paths.n_channel[path], paths.n_output[path]
                n_coupling, start = paths.coupling_start[path], paths.input_start[path]
                product[:n_output] = 0.0
                for _ in range(paths.n_input[path]):
                    feature = row[start : start + n_channel]
                    for component in range(n_output):
                        factor = coupling[n_coupling]
                        into = product[component]
                        for channel in range(n_channel):
                            into[channel] += factor * feature[channel]
                        n_coupling += 1
                    start += n_channel
                weight = of_radius[paths.weight_start[path] : paths.weight_start[path] + n_channel]
                start = paths.output_start[path]
                for component in range(n_output):
                    of_path, come_from = of_atom[start : start + n_channel], product[component]
                    for channel in range(n_channel):
                        of_path[channel] += weight[channel] * come_from[channel]
                    start += n_channel


@_compile
def differentiate_products(
    along_output: Any,
    features: Any,
    couplings: Any,
    weights: Any,
    slopes: Any,
    neighbours: Neighbours,
    paths: PathTable,
    along_features: Any,
    along_couplings: Any,
    along_radius: Any,
) -> None:
    """Add to the gradients along features, couplings and distances what the gradient along the output gives.

    Args:
        along_output: Gradient along the output, [n_atom, n_output].
        features: Of each atom, [n_atom, n_feature].
        couplings: Of each pair, [n_pair, n_coupling].
        weights: For each distance, [n_radius, n_weight].
        slopes: The weights' derivatives along the distance, [n_radius, n_weight].
        neighbours: Pairs of atoms.
        paths: Of the tensor product.
        along_features: Is added to, [n_atom, n_feature].
        along_couplings: Is set, [n_pair, n_coupling].
        along_radius: Is set, [n_pair].
    """
    n_most = paths.n_channel.max()
    weighted = np.empty(n_most, dtype=features.dtype)
    back = np.empty(n_most, dtype=features.dtype)
    along_weight = np.empty(n_most, dtype=features.dtype)
    for atom in range(len(along_output)):
        for pair in range(neighbours.first_pair[atom], neighbours.first_pair[atom + 1]):
            other, radius = neighbours.neighbour[pair], neighbours.radius[pair]
            coupling, along_coupling = couplings[pair], along_couplings[pair]
            along_distance = features.dtype.type(0.0)
            for path in range(len(paths.n_channel)):
                n_channel, n_output = paths.n_channel[path], paths.n_output[path]
                n_coupling, start = paths.coupling_start[path], paths.input_start[path]
                weight = weights[radius, paths.weight_start[path] : paths.weight_start[path] + n_channel]
                slope = slopes[radius, paths.weight_start[path] : paths.weight_start[path] + n_channel]
                along_weight[:n_channel] = 0.0
                for _ in range(paths.n_input[path]):
                    feature = features[other, start : start + n_channel]
                    along_feature = along_features[other, start : start + n_channel]
                    for channel in range(n_channel):
                        weighted[channel] = weight[channel] * feature[channel]
                        back[channel] = 0.0
                    come_from = paths.output_start[path]
                    for _ in range(n_output):
                        gradient = along_output[atom, come_from : come_from + n_channel]
                        factor = coupling[n_coupling]
                        total = features.dtype.type(0.0)
                        for channel in range(n_channel):
                            back[channel] += factor * gradient[channel]
                            total += weighted[channel] * gradient[channel]
                        along_coupling[n_coupling] = total
                        n_coupling += 1
                        come_from += n_channel
                    for channel in range(n_channel):
                        along_feature[channel] += weight[channel] * back[channel]
                        along_weight[channel] += feature[channel] * back[channel]
                    start += n_channel
                for channel in range(n_channel):
                    along_distance += slope[channel] * along_weight[channel]
            along_radius[pair] = along_distance
