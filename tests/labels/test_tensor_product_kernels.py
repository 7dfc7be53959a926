"""Compiled tensor products: the sums of NumPy's einsum, and gradients of them."""

from typing import Any, Final

import numpy as np
import pytest

from paraisite.labels.tensor_product_kernels import Neighbours, PathTable, differentiate_products, sum_products

N_ATOM: Final = 3
N_RADIUS: Final = 2

PATHS: Final = PathTable(
    # A scalar's path to a vector, a vector's to a scalar, and a vector's to an angular momentum of two.
    n_channel=np.array([4, 2, 2]),
    n_input=np.array([1, 3, 3]),
    n_output=np.array([3, 1, 5]),
    input_start=np.array([0, 4, 4]),
    output_start=np.array([0, 12, 14]),
    weight_start=np.array([0, 4, 6]),
    coupling_start=np.array([0, 3, 6]),
)
N_FEATURE, N_COUPLING, N_WEIGHT = 4 + 3 * 2, 3 + 3 + 15, 4 + 2 + 2

NEIGHBOURS: Final = Neighbours(  # of the second atom none
    first_pair=np.array([0, 3, 3, 5]), neighbour=np.array([1, 2, 2, 0, 1]), radius=np.array([0, 1, 0, 0, 1])
)


@pytest.fixture
def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shapes = {
        "features": (N_ATOM, N_FEATURE),
        "couplings": (len(NEIGHBOURS.neighbour), N_COUPLING),
        "weights": (N_RADIUS, N_WEIGHT),
    }
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def compute_sums(features: Any, couplings: Any, weights: Any) -> Any:
    output = np.zeros((N_ATOM, PATHS.n_output_value))
    sum_products(features, couplings, weights, NEIGHBOURS, PATHS, output)
    return output


def differentiate(arrays: dict[str, Any], along_output: Any, slopes: Any) -> tuple[Any, Any, Any]:
    along_features, along_couplings = np.zeros_like(arrays["features"]), np.full_like(arrays["couplings"], np.nan)
    along_radius = np.full(len(NEIGHBOURS.neighbour), np.nan)
    differentiate_products(
        along_output, *arrays.values(), slopes, NEIGHBOURS, PATHS, along_features, along_couplings, along_radius
    )
    return along_features, along_couplings, along_radius


def test_sums_are_those_of_einsum(arrays: dict[str, Any]):
    features, couplings, weights = arrays.values()
    expected = np.zeros((N_ATOM, PATHS.n_output_value))
    for atom in range(N_ATOM):
        for pair in range(NEIGHBOURS.first_pair[atom], NEIGHBOURS.first_pair[atom + 1]):
            neighbour, radius = NEIGHBOURS.neighbour[pair], NEIGHBOURS.radius[pair]
            for n_channel, n_input, n_output, feature, output, weight, coupling in zip(*PATHS, strict=True):
                of_neighbour = features[neighbour, feature : feature + n_input * n_channel].reshape(n_input, n_channel)
                coupled = couplings[pair, coupling : coupling + n_input * n_output].reshape(n_input, n_output)
                weighted = weights[radius, weight : weight + n_channel]
                product = np.einsum("iu,ik,u->ku", of_neighbour, coupled, weighted)
                expected[atom, output : output + n_output * n_channel] += product.ravel()
    assert np.allclose(compute_sums(*arrays.values()), expected, rtol=1e-12)


def test_an_atom_without_neighbours_receives_nothing(arrays: dict[str, Any]):
    assert not compute_sums(*arrays.values())[1].any()


@pytest.mark.parametrize("name", ["features", "couplings"])
def test_gradients_are_the_sums_slopes(name: str, arrays: dict[str, Any]):
    rng = np.random.default_rng(1)
    along_output = rng.normal(size=(N_ATOM, PATHS.n_output_value))
    gradients = dict(zip(arrays, differentiate(arrays, along_output, arrays["weights"]), strict=True))
    direction = rng.normal(size=arrays[name].shape)
    # The sums are linear in each of their factors, so that a difference is the slope.
    raised = arrays | {name: arrays[name] + direction}
    difference = compute_sums(*raised.values()) - compute_sums(*arrays.values())
    assert (along_output * difference).sum() == pytest.approx((gradients[name] * direction).sum(), rel=1e-10)


def test_the_gradient_along_distances_comes_from_the_weights_slopes(arrays: dict[str, Any]):
    rng = np.random.default_rng(2)
    along_output, slopes = rng.normal(size=(N_ATOM, PATHS.n_output_value)), rng.normal(size=(N_RADIUS, N_WEIGHT))
    _, _, along_radius = differentiate(arrays, along_output, slopes)
    difference = compute_sums(arrays["features"], arrays["couplings"], slopes)
    for pair, found in enumerate(along_radius):
        alone = np.zeros_like(arrays["couplings"])
        alone[pair] = arrays["couplings"][pair]
        of_pair = compute_sums(arrays["features"], alone, slopes)
        assert found == pytest.approx((along_output * of_pair).sum(), rel=1e-10)
    assert along_radius.sum() == pytest.approx((along_output * difference).sum(), rel=1e-10)


def test_single_precision_stays_single(arrays: dict[str, Any]):
    single = {name: values.astype(np.float32) for name, values in arrays.items()}
    output = np.zeros((N_ATOM, PATHS.n_output_value), dtype=np.float32)
    sum_products(*single.values(), NEIGHBOURS, PATHS, output)
    assert np.allclose(output, compute_sums(*arrays.values()), atol=1e-5)
