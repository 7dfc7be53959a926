"""The basis is MEGNet's own expansion in fewer coordinates."""

import numpy as np
import pytest

from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import build_distance_basis, gaussians

CONFIGS = {
    "published": ModelConfig(),
    "few": ModelConfig(gaussian_centers_angstrom=(0.0, 1.0, 2.5), gaussian_width_angstrom=0.8),
    "long": ModelConfig(gaussian_centers_angstrom=tuple(np.linspace(0, 7, 60).tolist()), cutoff_angstrom=6.0),
}


def test_gaussians_are_megnets():
    found = gaussians(np.array([0.0, 2.0]), np.array([0.0, 1.5]), 0.5)
    np.testing.assert_allclose(found, np.exp([[0.0, -9.0], [-16.0, -1.0]]))


@pytest.mark.parametrize("name", CONFIGS)
def test_coordinates_restore_every_gaussian_up_to_the_cutoff(name: str):
    """1e-6 absolute, in the single precision that the network receives; off the grid that the basis was made on."""
    config = CONFIGS[name]
    distance = np.random.default_rng(0).uniform(0.0, config.cutoff_angstrom, 5000)
    basis = build_distance_basis(config)
    restored = basis.coordinates(distance) @ basis.vectors.T.astype(np.float32)
    expected = gaussians(distance, np.array(config.gaussian_centers_angstrom), config.gaussian_width_angstrom)
    np.testing.assert_allclose(restored, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CONFIGS)
def test_single_precision_is_as_good_within_its_rounding(name: str):
    """3e-6 absolute: some ten times the rounding of the largest coordinates, which are near 3."""
    basis = build_distance_basis(CONFIGS[name])
    distance = np.random.default_rng(0).uniform(0.0, CONFIGS[name].cutoff_angstrom, 5000)
    single = basis.coordinates(distance.astype(np.float32), dtype=np.float32)
    np.testing.assert_allclose(single, basis.coordinates(distance.astype(np.float32)), rtol=0, atol=3e-6)


def test_published_expansion_needs_few_coordinates():
    basis = build_distance_basis(ModelConfig())
    assert basis.vectors.shape == (100, basis.n_basis)
    assert 15 <= basis.n_basis <= 30
    np.testing.assert_allclose(basis.vectors.T @ basis.vectors, np.eye(basis.n_basis), atol=1e-12)


def test_coordinates_are_float32_rows():
    coordinates = build_distance_basis(ModelConfig()).coordinates(np.array([2.0, 3.0, 3.5], np.float32))
    assert coordinates.dtype == np.float32
    assert coordinates.shape == (3, build_distance_basis(ModelConfig()).n_basis)
