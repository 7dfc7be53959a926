"""Nequix, a small equivariant potential, as an ASE calculator that is fast for displaced copies of one supercell.

The network is a function of interatomic vectors: its gradient along them is taken, and forces are summed from it in
double precision, in which the vectors are subtracted, too: in single precision the coordinates of a supercell are wrong
by 1e-6 Å. Pairs are found once for all displaced copies, a skin beyond the cutoff, where the network's radial functions
vanish. The network is the PyTorch one of its package: JAX's, padded to few sizes, takes 1.2 to 1.7 times as long and
compiles half a minute for each size. It runs on a CUDA device where there is one.

Source: Koker, Kotak and Smidt, arXiv 2508.16067 (Nequix; code MIT, weights CC BY 4.0).
"""

from collections.abc import Iterator
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

SKIN_ANGSTROM: Final = 0.07
"""Pairs this much beyond the cutoff are kept: two atoms displaced by 0.03 Å each come no farther into it."""

_VOIGT: Final = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])  # ASE's order of a stress


class NequixCalculator(Calculator):
    """Energy, forces and stress of one cell as ASE asks for them, and forces of displaced copies of a supercell.

    Args:
        weights: File in Nequix's own format: one line of JSON, then arrays; no pickle.
        in_double_precision: Whether the network is evaluated in double precision, at twice the cost.

    Raises:
        WeightsError: The file is missing or no such file.
    """

    implemented_properties: ClassVar = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, weights: Path, *, in_double_precision: bool = False) -> None:
        super().__init__()
        try:
            model, config = load_model(str(weights), False)
            self._cutoff_angstrom = float(config["cutoff"])
            numbers = sorted(int(number) for number in config["atomic_numbers"])
            network, _ = convert_model_jax_to_torch(model, config, False)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise WeightsError(f"{weights} holds no weights of Nequix: {error}") from error
        self._kinds = {number: kind for kind, number in enumerate(numbers)}
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = torch.float64 if in_double_precision else torch.float32
        self._network = network.to(self._device, self._dtype).eval()
        for parameter in self._network.parameters():
            parameter.requires_grad_(False)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Compute all properties of a cell; ASE calls it."""
        super().calculate(atoms, properties, system_changes)
        cell, positions, numbers = atoms.cell.array, atoms.positions, atoms.numbers
        pairs = _find_pairs(cell, positions, self._cutoff_angstrom)
        energy, forces, virial = self._evaluate(positions, cell, self._kinds_of(numbers), pairs)
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
        for each in cells:
            yield self._evaluate(each.positions, first.cell, kinds, pairs)[1]

    def _kinds_of(self, numbers: Any) -> Ints:
        unknown = sorted({int(number) for number in numbers} - set(self._kinds))
        if unknown:
            symbols = ", ".join(Atoms(numbers=unknown).get_chemical_symbols())
            raise StructureError(f"the potential does not know {symbols}")
        return np.array([self._kinds[int(number)] for number in numbers])

    def _evaluate(self, positions: Floats, cell: Floats, kinds: Ints, pairs: Any) -> tuple[float, Floats, Floats]:
        """Return energy, eV, forces, eV/Å, [n_atom, 3], and virial, eV, [3, 3]."""
        centres, neighbours, shifts = pairs
        vectors = positions[neighbours] - positions[centres] + shifts @ cell
        along = torch.tensor(vectors, dtype=self._dtype, device=self._device, requires_grad=True)
        indices = (
            torch.as_tensor(each, dtype=torch.long, device=self._device) for each in (kinds, neighbours, centres)
        )
        energy = self._network.node_energies(along, *indices).sum()
        (gradient_on_device,) = torch.autograd.grad(energy, [along])
        gradient = gradient_on_device.cpu().numpy().astype(np.float64)
        forces = np.zeros((len(positions), 3))
        np.add.at(forces, centres, gradient)
        np.subtract.at(forces, neighbours, gradient)
        return float(energy.detach()), forces, vectors.T @ gradient


def _find_pairs(cell: Floats, positions: Floats, cutoff_angstrom: float) -> tuple[Ints, Ints, Floats]:
    """Return atoms, their neighbours and the cells these are in, sorted by atom."""
    centres, neighbours, shifts = matscipy.neighbours.neighbour_list(
        "ijS", positions=positions, cell=cell, pbc=[True] * 3, cutoff=cutoff_angstrom
    )
    order = np.argsort(centres, kind="stable")
    return centres[order], neighbours[order], shifts[order].astype(np.float64)
