"""Nequix, a small equivariant potential, as an ASE calculator that is fast for displaced copies of one supercell.

The network is a function of interatomic vectors: its gradient along them is taken, and forces are summed from it in
double precision, in which the vectors are subtracted, too: in single precision the coordinates of a supercell are wrong
by 1e-6 Å. Pairs are found once for all displaced copies, a skin beyond the cutoff, where the network's radial functions
vanish. On a processor ``fused_nequix`` evaluates the network. Where there is a CUDA device, copies are evaluated on it
by the PyTorch network of the package, many together: one by one they would leave it idle. Single cells, those of a
relaxation, are so small that they stay on the processor, where other processes do not have to wait for them.

Source: Koker, Kotak and Smidt, arXiv 2508.16067 (Nequix; code MIT, weights CC BY 4.0).
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar, Final

import matscipy.neighbours
import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from nequix.model import load_model
from nequix.torch_impl.utils import convert_model_jax_to_torch
from phonopy.structure.atoms import PhonopyAtoms

from paraisite.arrays import Floats, Ints
from paraisite.errors import StructureError, WeightsError
from paraisite.labels.fused_nequix import FusedNequix

SKIN_ANGSTROM: Final = 0.07
"""Pairs this much beyond the cutoff are kept: two atoms displaced by 0.03 Å each come no farther into it."""

PAIRS_TOGETHER: Final = 12_000
"""So many pairs of atoms a CUDA device evaluates at once, a supercell or a few: chosen so that several processes should
fit into a device's memory, which was not measured."""

_Pairs = tuple[Ints, Ints, Floats]
"""Atoms, their neighbours, and the cells these are in."""

_VOIGT: Final = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])  # ASE's order of a stress


class NequixCalculator(Calculator):
    """Energy, forces and stress of one cell as ASE asks for them, and forces of displaced copies of a supercell.

    Args:
        weights: File in Nequix's own format: one line of JSON, then arrays; no pickle.
        in_double_precision: Whether the network is evaluated in double precision, at twice the cost.
        pairs_together: Copies are evaluated together up to so many pairs of atoms; None: as suits the device.

    Raises:
        WeightsError: The file is missing or no such file.
    """

    implemented_properties: ClassVar = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, weights: Path, *, in_double_precision: bool = False, pairs_together: int | None = None) -> None:
        super().__init__()
        try:
            model, config = load_model(str(weights), False)
            self._cutoff_angstrom = float(config["cutoff"])
            numbers = sorted(int(number) for number in config["atomic_numbers"])
            network, _ = convert_model_jax_to_torch(model, config, False)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise WeightsError(f"{weights} holds no weights of Nequix: {error}") from error
        self._kinds = {number: kind for kind, number in enumerate(numbers)}
        self._dtype = torch.float64 if in_double_precision else torch.float32
        network = network.to(self._dtype).eval()
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        self._of_cells = FusedNequix(network)
        has_device = torch.cuda.is_available()
        # A copy: moving a network to a device moves it away from where it was.
        self._of_copies = _NetworkOnDevice(deepcopy(network).to("cuda")) if has_device else self._of_cells
        self._pairs_together = pairs_together or (PAIRS_TOGETHER if has_device else 1)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Compute all properties of a cell; ASE calls it."""
        super().calculate(atoms, properties, system_changes)
        cell, positions, numbers = atoms.cell.array, atoms.positions, atoms.numbers
        pairs = _find_pairs(cell, positions, self._cutoff_angstrom)
        vectors = _find_vectors(positions, cell, pairs)
        energy, gradient = self._of_cells.differentiate(vectors, self._kinds_of(numbers), pairs)
        forces, virial = _sum_forces(gradient, pairs, len(positions)), vectors.T @ gradient
        stress = (virial + virial.T) / 2.0 / atoms.get_volume()
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": stress[_VOIGT]}

    def iterate_forces_of_copies(self, cells: list[PhonopyAtoms]) -> Iterator[Floats]:
        """Yield the forces in eV/Å, [n_atom, 3], of displaced copies of one supercell.

        Args:
            cells: With the same cell and atoms in the same order, any two of them displaced by less than
                ``SKIN_ANGSTROM`` against each other.
        """
        first = cells[0]
        pairs = _find_pairs(first.cell, first.positions, self._cutoff_angstrom + SKIN_ANGSTROM)
        kinds = self._kinds_of(first.numbers)
        n_atom, n_pair = len(kinds), len(pairs[0])
        n_together = max(1, self._pairs_together // max(1, n_pair))
        for start in range(0, len(cells), n_together):
            positions = np.array([each.positions for each in cells[start : start + n_together]])
            vectors = _find_vectors(positions, first.cell, pairs)
            _, gradient = self._of_copies.differentiate(
                vectors.reshape(-1, 3), np.tile(kinds, len(positions)), _repeat_pairs(pairs, len(positions), n_atom)
            )
            for of_copy in gradient.reshape(-1, n_pair, 3):
                yield _sum_forces(of_copy, pairs, n_atom)

    def _kinds_of(self, numbers: Any) -> Ints:
        unknown = sorted({int(number) for number in numbers} - set(self._kinds))
        if unknown:
            symbols = ", ".join(Atoms(numbers=unknown).get_chemical_symbols())
            raise StructureError(f"the potential does not know {symbols}")
        return np.array([self._kinds[int(number)] for number in numbers])


class _NetworkOnDevice:
    """The package's network on a CUDA device."""

    def __init__(self, network: Any) -> None:
        first = next(network.parameters())
        self._network, self._device, self._dtype = network, first.device, first.dtype

    def differentiate(self, vectors: Floats, kinds: Ints, pairs: _Pairs) -> tuple[float, Floats]:
        """Return the energy of all atoms, eV, and its gradient along the vectors of pairs, eV/Å, [n_pair, 3]."""
        centres, neighbours, _ = pairs
        along = torch.tensor(vectors, dtype=self._dtype, device=self._device, requires_grad=True)
        indices = (
            torch.as_tensor(each, dtype=torch.long, device=self._device) for each in (kinds, neighbours, centres)
        )
        energy = self._network.node_energies(along, *indices).sum()
        (gradient,) = torch.autograd.grad(energy, [along])
        return float(energy.detach()), gradient.cpu().numpy().astype(np.float64)


def _find_pairs(cell: Floats, positions: Floats, cutoff_angstrom: float) -> _Pairs:
    """Return atoms, their neighbours and the cells these are in, sorted by atom."""
    centres, neighbours, shifts = matscipy.neighbours.neighbour_list(
        "ijS", positions=positions, cell=cell, pbc=[True] * 3, cutoff=cutoff_angstrom
    )
    order = np.argsort(centres, kind="stable")
    return centres[order], neighbours[order], shifts[order].astype(np.float64)


def _find_vectors(positions: Floats, cell: Floats, pairs: _Pairs) -> Floats:
    """Return the vectors of pairs, Å, [..., n_pair, 3], for positions [..., n_atom, 3]."""
    centres, neighbours, shifts = pairs
    return np.asarray(positions[..., neighbours, :] - positions[..., centres, :] + shifts @ cell)


def _repeat_pairs(pairs: _Pairs, n_copy: int, n_atom: int) -> _Pairs:
    """Return the pairs of copies that follow one another, of which none sees another."""
    centres, neighbours, shifts = pairs
    first_atoms = np.arange(n_copy)[:, None] * n_atom
    return (centres + first_atoms).ravel(), (neighbours + first_atoms).ravel(), np.tile(shifts, (n_copy, 1))


def _sum_forces(gradient: Floats, pairs: _Pairs, n_atom: int) -> Floats:
    """Return the atoms' forces, eV/Å, [n_atom, 3], from the gradient along the vectors of pairs."""
    centres, neighbours, _ = pairs
    forces = np.zeros((n_atom, 3))
    np.add.at(forces, centres, gradient)
    np.subtract.at(forces, neighbours, gradient)
    return forces
