"""SevenNet compiled for the CPU: the same network, energies, forces and stresses in about half the time on small cells.

The network is traced once, with energy and its gradient along all interatomic vectors in one graph of any number of
atoms and neighbours, and PyTorch's compiler fuses it. Compilation takes half a minute (SevenNet-0) to four (l3i5);
PyTorch keeps the result on disk, so that other processes and later runs find it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import e3nn
import numpy as np
import sevenn._keys as keys
import sevenn.nn.convolution
import torch
from ase.build import bulk
from sevenn.atom_graph_data import AtomGraphData
from sevenn.calculator import SevenNetCalculator
from sevenn.train.dataload import unlabeled_atoms_to_graph
from torch import Tensor
from torch._inductor import config as inductor_config
from torch._inductor.cpp_builder import get_cpp_compiler
from torch._inductor.exc import InvalidCxxCompiler
from torch.fx.experimental.proxy_tensor import make_fx

from paraisite.errors import ParaisiteError

logger = logging.getLogger(__name__)

MAX_ENERGY_DIFFERENCE_EV: Final = 1e-4
MAX_FORCE_DIFFERENCE_EV_PER_ANGSTROM: Final = 1e-3
_LAST_LAYER: Final = "force_output"
_VOIGT: Final = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0))  # sevenn's order of a stress


def sevennet_calculator(name: str) -> Any:
    """Return the ASE calculator of a SevenNet, compiled where there is a C++ compiler.

    Args:
        name: Of the weights in sevenn's wheel.

    Raises:
        ParaisiteError: The compiled network disagrees with the plain one.
    """
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        logger.warning("no C++ compiler: %s runs uncompiled, at about half the speed", name)
        return SevenNetCalculator(name, device="cpu")
    with _traceable():
        calculator: Any = SevenNetCalculator(name, device="cpu")
        atoms = bulk("ZnS", "zincblende", a=5.4).repeat((2, 1, 1))
        atoms.rattle(0.05, seed=0)
        atoms.calc = calculator
        expected = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        example = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(atoms, calculator.cutoff, with_shift=False))
        calculator.model = _CompiledNetwork(calculator.model, example)
        calculator.reset()
        compiled = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
    limits = (
        MAX_ENERGY_DIFFERENCE_EV,
        MAX_FORCE_DIFFERENCE_EV_PER_ANGSTROM,
        MAX_FORCE_DIFFERENCE_EV_PER_ANGSTROM,
    )
    for left, right, limit in zip(expected, compiled, limits, strict=True):
        if not np.allclose(left, right, rtol=0.0, atol=limit):
            raise ParaisiteError(f"compiled {name} gives {right}, expected {left}: please report this")
    return calculator


class _CompiledNetwork:
    """Stands in for a calculator's network: takes sevenn's graph of one structure, returns it with the results."""

    def __init__(self, network: Any, example: Any) -> None:
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        self._kind_of = network.z_to_onehot_tensor
        layers = [layer for name, layer in network._modules.items() if name != _LAST_LAYER]

        def energy_and_gradient(vectors: Tensor, pairs: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            data: Any = {keys.EDGE_VEC: vectors.requires_grad_(True), keys.EDGE_IDX: pairs}
            data |= {keys.NODE_FEATURE: kinds, keys.ATOMIC_NUMBERS: kinds, keys.NUM_ATOMS: torch.tensor(1)}
            for layer in layers:
                data = layer(data)
            energy = data[keys.PRED_TOTAL_ENERGY]
            (gradient,) = torch.autograd.grad(energy, [vectors])
            return energy.detach(), data[keys.ATOMIC_ENERGY].detach(), gradient

        graph = make_fx(energy_and_gradient, tracing_mode="symbolic", _allow_non_fake_inputs=True)(
            *self._inputs(example)
        )
        with inductor_config.patch(compile_threads=1):  # no pool of processes that would outlive a killed campaign
            self._run = torch.compile(graph, dynamic=True)
            self._run(*self._inputs(example))

    def __call__(self, data: Any) -> Any:
        vectors, pairs, kinds = self._inputs(data)
        energy, atomic_energies, gradient = self._run(vectors, pairs, kinds)
        forces = torch.zeros(len(kinds), 3, dtype=gradient.dtype)
        forces.index_add_(0, pairs[0], gradient).index_add_(0, pairs[1], -gradient)
        virial = (vectors.T @ gradient)[tuple(zip(*_VOIGT, strict=True))]
        data[keys.PRED_TOTAL_ENERGY], data[keys.ATOMIC_ENERGY] = energy, atomic_energies
        data[keys.PRED_FORCE], data[keys.PRED_STRESS] = forces, -virial / data[keys.CELL_VOLUME]
        return data

    def _inputs(self, data: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Return interatomic vectors in Å, [n_edge, 3], atoms at their ends, [2, n_edge], and kinds of atoms."""
        return data[keys.EDGE_VEC].detach(), data[keys.EDGE_IDX], self._kind_of[data[keys.ATOMIC_NUMBERS]]


@contextmanager
def _traceable() -> Iterator[None]:
    """Let e3nn and sevenn build what a tracer follows for any number of atoms."""
    convolution: Any = sevenn.nn.convolution
    jit_mode = e3nn.get_optimization_defaults()["jit_mode"]
    gather = convolution.message_gather
    e3nn.set_optimization_defaults(jit_mode="eager")
    convolution.message_gather = _gather
    try:
        yield
    finally:
        e3nn.set_optimization_defaults(jit_mode=jit_mode)
        convolution.message_gather = gather


def _gather(features: Tensor, to: Tensor, messages: Tensor) -> Tensor:
    """Sum messages per atom; sevenn's own takes the number of atoms as a constant."""
    return features.new_zeros((features.shape[0], messages.shape[1])).index_add(0, to, messages)
