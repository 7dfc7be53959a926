"""Nequix with compiled loops is Nequix: energies and gradients of its package's network, in double precision."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

torch = pytest.importorskip("torch", reason="pip install '.[refine]' && pip install --no-deps nequix")
pytest.importorskip("nequix", reason="pip install '.[refine]' && pip install --no-deps nequix")

CRYSTALS = {
    "perovskite of three elements": Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(4.1), ["K", "Mg", "F"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
    ),
    "lithium hydride": Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.0), ["Li", "H"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    ),
    "an atom far from all others": Structure(Lattice.cubic(9.0), ["Ar"], [[0, 0, 0]]),
}


@pytest.fixture(scope="module")
def network() -> Any:
    path = Path(os.environ.get("PARAISITE_SHARED", "../shared")) / "weights" / "nequix-mp-1-pft.nqx"
    if not path.is_file():
        pytest.skip("Nequix's weights are not here")
    from nequix.model import load_model
    from nequix.torch_impl.utils import convert_model_jax_to_torch

    model, config = load_model(str(path), False)
    network, _ = convert_model_jax_to_torch(model, config, False)
    return network.to(torch.float64).eval().requires_grad_(False)


@pytest.mark.parametrize("name", CRYSTALS)
def test_energy_and_gradient_are_those_of_the_package(name: str, network: Any):
    from paraisite.labels.fused_nequix import FusedNequix

    crystal = CRYSTALS[name].copy()
    crystal.perturb(0.05, seed=1)
    # Beyond the cutoff of 6 Å, too: such pairs add nothing.
    centres, neighbours, images, _ = crystal.get_neighbor_list(6.4)
    order = np.argsort(centres, kind="stable")
    centres, neighbours, images = centres[order], neighbours[order], images[order]
    positions = crystal.cart_coords
    vectors = positions[neighbours] + images @ crystal.lattice.matrix - positions[centres]
    kinds = np.array([site.specie.Z - 1 for site in crystal])  # the network knows the first 83 elements

    along = torch.tensor(vectors, requires_grad=True)
    indices = (torch.as_tensor(each) for each in (kinds, neighbours, centres))
    energy = network.node_energies(along, *indices).sum()
    expected = torch.autograd.grad(energy, [along])[0].numpy() if len(vectors) else np.zeros((0, 3))

    found, gradient = FusedNequix(network).differentiate(vectors, kinds, (centres, neighbours, images))
    assert found == pytest.approx(float(energy.detach()), abs=1e-9)
    assert np.allclose(gradient, expected, atol=1e-9)
