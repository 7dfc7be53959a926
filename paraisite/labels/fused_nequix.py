"""Nequix on a processor, four to seven times as fast as its package's network: the same energies and forces.

What takes long there is the tensor product, in arrays of all products, and the gradient of their slices, half of which
is spent on filling arrays with zeros. Here the tensor product is ``tensor_product_kernels``', and the network's radial
weights are computed once for each distance: a crystal's pairs share few, and both directions of a pair share one. What
is left, layers that see atoms alone, is the package's own.

Source: Koker, Kotak and Smidt, arXiv 2508.16067 (Nequix; code MIT, weights CC BY 4.0).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from e3nn import o3
from nequix.torch_impl.model import bessel_basis, polynomial_cutoff
from torch.func import jvp

from paraisite.arrays import Floats, Ints
from paraisite.labels.tensor_product_kernels import Neighbours, PathTable, differentiate_products, sum_products

_Blocks = list[tuple[int, int]]
"""Channels and components of each angular momentum, or path, in a row of features."""


class FusedNequix:
    """The network of a package's ``NequixTorch``, evaluated with compiled loops.

    Args:
        network: Its parameters want no gradient.
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._dtype = next(network.parameters()).dtype
        self._convolutions = [_Convolution(layer, self._dtype) for layer in network.layers]

    def differentiate(self, vectors: Floats, kinds: Ints, pairs: tuple[Ints, Ints, Floats]) -> tuple[float, Floats]:
        """Return the energy of all atoms, eV, and its gradient along the vectors of pairs, eV/Å, [n_pair, 3].

        Args:
            vectors: From atoms to their neighbours, Å, [n_pair, 3].
            kinds: Elements, by their place among those that the network knows, [n_atom].
            pairs: Atoms, sorted, and their neighbours; what else it holds is not looked at.
        """
        network, (centres, neighbours, *_) = self._network, pairs
        distances = np.linalg.norm(vectors, axis=1)
        is_near = distances < network.cutoff
        single = np.float64 if self._dtype == torch.float64 else np.float32
        radii, radius = np.unique(distances[is_near].astype(single), return_inverse=True)
        first_pair = np.searchsorted(centres[is_near], np.arange(len(kinds) + 1))
        table = Neighbours(_indices(first_pair), _indices(neighbours[is_near]), _indices(radius))

        along = torch.tensor(vectors[is_near], dtype=self._dtype, requires_grad=True)
        lengths = torch.linalg.norm(along, dim=-1)
        harmonics = o3.spherical_harmonics(
            o3.Irreps.spherical_harmonics(network.lmax), along, normalize=True, normalization="component"
        )
        of_kinds = torch.as_tensor(kinds, dtype=torch.long)
        features = torch.nn.functional.one_hot(of_kinds, network.n_species).to(self._dtype)
        for convolution in self._convolutions:
            features = convolution(features, harmonics, lengths, torch.from_numpy(radii), table, self._expand)
        energies = network.readout(features) * network.scale + network.shift + network.atom_energies[of_kinds, None]
        energy = energies.sum()
        (of_near,) = torch.autograd.grad(energy, [along])
        gradient = np.zeros((len(vectors), 3))
        gradient[is_near] = of_near.numpy()
        return float(energy.detach()), gradient

    def _expand(self, radii: torch.Tensor) -> torch.Tensor:
        """Return the radial basis at distances in Å, [n_radius, n_basis]."""
        network = self._network
        envelope = polynomial_cutoff(radii, network.cutoff, network.radial_polynomial_p)
        return torch.as_tensor(bessel_basis(radii, network.radial_basis_size, network.cutoff) * envelope[:, None])


class _Convolution:
    """A layer of the network, its tensor product in compiled loops."""

    def __init__(self, layer: Any, dtype: torch.dtype) -> None:
        self._layer = layer
        product = layer.tp
        harmonics = product.irreps_in2
        self._input_blocks: _Blocks = [(channels, irrep.dim) for channels, irrep in product.irreps_in1]
        self._output_blocks: _Blocks = []
        starts = np.cumsum([0, *(channels * components for channels, components in self._input_blocks)])
        rows, matrices = [], []
        output_start = weight_start = coupling_start = 0
        for path in product.instructions:  # in the order in which the layer sorts its outputs
            channels, of_input = product.irreps_in1[path.i_in1]
            of_harmonics, of_output = harmonics[path.i_in2].ir, product.irreps_out[path.i_out].ir
            sizes = (channels, of_input.dim, of_output.dim)
            rows.append((*sizes, starts[path.i_in1], output_start, weight_start, coupling_start))
            matrix = torch.zeros(harmonics.dim, of_input.dim, of_output.dim, dtype=dtype)
            wigner = o3.wigner_3j(of_input.l, of_harmonics.l, of_output.l, dtype=dtype)
            matrix[harmonics.slices()[path.i_in2]] = path.path_weight * wigner.permute(1, 0, 2)
            matrices.append(matrix.reshape(harmonics.dim, -1))
            self._output_blocks.append((channels, of_output.dim))
            output_start += channels * of_output.dim
            weight_start += channels
            coupling_start += of_input.dim * of_output.dim
        self._couplings = torch.cat(matrices, dim=1)
        self._paths = PathTable(*np.array(rows, dtype=np.int64).T.copy())

    def __call__(
        self,
        features: torch.Tensor,
        harmonics: torch.Tensor,
        lengths: torch.Tensor,
        radii: torch.Tensor,
        neighbours: Neighbours,
        expand: Callable[[torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        """Return the atoms' next features, [n_atom, n_feature].

        Args:
            features: Of atoms, [n_atom, n_feature].
            harmonics: Spherical harmonics of pairs, [n_pair, n_harmonic].
            lengths: Of pairs, Å, [n_pair]; the gradient along distances leads to them.
            radii: The distances that occur, Å, [n_radius].
            neighbours: Pairs, and which radius each has.
            expand: Gives the radial basis.
        """
        layer = self._layer
        *hidden, last = layer.radial_mlp.layers

        def embed(distances: torch.Tensor) -> torch.Tensor:
            values = expand(distances)
            for each in hidden:
                values = layer.radial_mlp.activation(each(values))
            return values

        embedded, slopes = jvp(embed, (radii,), (torch.ones_like(radii),))
        summed = _SummedProducts.apply(
            _put_channels_last(layer.linear_1(features), self._input_blocks),
            harmonics @ self._couplings,
            lengths,
            embedded @ last.weights,
            slopes @ last.weights,
            neighbours,
            self._paths,
        )
        messages = _put_channels_first(summed, self._output_blocks) / math.sqrt(layer.avg_n_neighbors)
        after = layer.linear_2(messages) + layer.skip(features)
        if layer.layer_norm is not None:
            after = layer.layer_norm(after)
        return torch.as_tensor(layer.gate(after))


class _SummedProducts(torch.autograd.Function):
    """``sum_products`` for automatic differentiation; the gradient along lengths comes from the weights' slopes."""

    @staticmethod
    def forward(
        ctx: Any,
        features: torch.Tensor,
        couplings: torch.Tensor,
        lengths: torch.Tensor,
        weights: torch.Tensor,
        slopes: torch.Tensor,
        neighbours: Neighbours,
        paths: PathTable,
    ) -> torch.Tensor:
        ctx.save_for_backward(features, couplings, weights, slopes)
        ctx.neighbours, ctx.paths = neighbours, paths
        arrays = [each.contiguous().numpy() for each in (features, couplings, weights)]
        output = np.zeros((len(features), paths.n_output_value), dtype=arrays[0].dtype)
        sum_products(*arrays, neighbours, paths, output)
        return torch.from_numpy(output)

    @staticmethod
    def backward(ctx: Any, along_output: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        arrays = [each.contiguous().numpy() for each in (along_output, *ctx.saved_tensors)]
        _, features, couplings, _, _ = arrays
        along_features, along_couplings = np.zeros_like(features), np.empty_like(couplings)
        along_lengths = np.empty(len(couplings), dtype=features.dtype)
        differentiate_products(*arrays, ctx.neighbours, ctx.paths, along_features, along_couplings, along_lengths)
        gradients = (torch.from_numpy(each) for each in (along_features, along_couplings, along_lengths))
        return (*gradients, None, None, None, None)


def _put_channels_last(features: torch.Tensor, blocks: _Blocks) -> torch.Tensor:
    """Return features, channels first in each block, with components first."""
    parts = features.split([channels * components for channels, components in blocks], dim=1)
    pairs = zip(parts, blocks, strict=True)
    return torch.cat([part.reshape(-1, *block).transpose(1, 2).flatten(1) for part, block in pairs], dim=1)


def _put_channels_first(features: torch.Tensor, blocks: _Blocks) -> torch.Tensor:
    """Return features, components first in each block, with channels first."""
    return _put_channels_last(features, [(components, channels) for channels, components in blocks])


def _indices(numbers: Any) -> Ints:
    return np.ascontiguousarray(numbers, dtype=np.int64)
