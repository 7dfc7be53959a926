"""Initial weights are Keras's, reproducible, and leave a pretrained backbone as it is."""

from dataclasses import replace

import numpy as np
import pytest

from paraisite.errors import WeightsError
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.training.initial_parameters import draw_parameters, replace_head, stack

CONFIG = ModelConfig(head_hidden=(450, 350, 350))


def test_every_parameter_has_its_shape_and_type():
    parameters = draw_parameters(CONFIG, seed=0)
    assert {name: value.shape for name, value in parameters.items()} == parameter_shapes(CONFIG)
    assert {value.dtype for value in parameters.values()} == {np.dtype(np.float32)}


def test_the_seed_decides():
    first, same, other = (draw_parameters(CONFIG, seed=seed) for seed in (3, 3, 4))
    for name, value in first.items():
        np.testing.assert_array_equal(same[name], value)
        if not name.endswith("bias"):
            assert not np.array_equal(other[name], value), name


def test_no_two_kernels_share_their_numbers():
    parameters = draw_parameters(CONFIG, seed=0)
    np.testing.assert_equal(parameters["block_1/phi_e/1/kernel"].shape, parameters["block_2/phi_e/1/kernel"].shape)
    assert not np.array_equal(parameters["block_1/phi_e/1/kernel"], parameters["block_2/phi_e/1/kernel"])


def test_kernels_fill_glorots_interval():
    """Uniform in ±sqrt(6 / (n_in + n_out)): the deviation of such numbers is that limit over sqrt(3)."""
    kernels = {
        name: value
        for name, value in draw_parameters(CONFIG, seed=0).items()
        if name.endswith("kernel") and not name.endswith("recurrent_kernel")
    }
    for name, value in kernels.items():
        limit = np.sqrt(6.0 / sum(value.shape))
        assert np.abs(value).max() <= limit * (1 + 1e-6), name
        assert np.abs(value).max() > 0.8 * limit, name
        assert abs(value.mean()) < 5 * limit / np.sqrt(3 * value.size), name
    assert kernels["head/1/kernel"].std() == pytest.approx(np.sqrt(6.0 / 800) / np.sqrt(3), rel=0.01)


def test_the_element_embedding_is_uniform_in_a_twentieth():
    embedding = draw_parameters(CONFIG, seed=0)["atom_embedding"]
    assert 0.049 < np.abs(embedding).max() <= 0.05
    assert embedding.std() == pytest.approx(0.05 / np.sqrt(3), rel=0.05)


def test_recurrent_kernels_are_orthogonal():
    parameters = draw_parameters(CONFIG, seed=0)
    for part in ("atom", "bond"):
        kernel = parameters[f"set2set/{part}/recurrent_kernel"].astype(np.float64)
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(32), atol=1e-6)


def test_biases_are_zero_but_for_the_forget_gate():
    for name, value in draw_parameters(CONFIG, seed=0).items():
        if name.endswith("recurrent_bias"):
            np.testing.assert_array_equal(value, np.repeat([0.0, 1.0, 0.0, 0.0], 16), err_msg=name)
        elif name.endswith("bias"):
            assert not value.any(), name


def test_another_head_changes_nothing_below_it():
    plain, ours = (draw_parameters(replace(CONFIG, head_hidden=hidden), seed=7) for hidden in ((), (450, 350, 350)))
    for name, value in plain.items():
        if not name.startswith("head/"):
            np.testing.assert_array_equal(ours[name], value, err_msg=name)


def test_a_new_head_leaves_the_backbone_as_published():
    backbone = draw_parameters(ModelConfig(), seed=1)
    found = replace_head(backbone, CONFIG, seed=2)
    fresh = draw_parameters(CONFIG, seed=2)
    assert list(found) == list(parameter_shapes(CONFIG))
    for name, value in found.items():
        np.testing.assert_array_equal(value, (fresh if name.startswith("head/") else backbone)[name], err_msg=name)


def test_a_new_head_does_not_write_into_the_backbone():
    backbone = draw_parameters(ModelConfig(), seed=1)
    replace_head(backbone, CONFIG, seed=2)["atom_embedding"][:] = 0.0
    assert backbone["atom_embedding"].any()


def test_a_backbone_of_another_architecture_is_refused():
    with pytest.raises(WeightsError, match=r"atom_embedding has shape \(95, 8\), this network expects \(95, 16\)"):
        replace_head(draw_parameters(ModelConfig(embedding_dim=8), seed=0), CONFIG, seed=0)
    with pytest.raises(WeightsError, match="block_2/ff/atom/0/kernel has shape None"):
        replace_head(draw_parameters(ModelConfig(n_block=2), seed=0), CONFIG, seed=0)


def test_stacking_keeps_the_order_of_members():
    members = [draw_parameters(ModelConfig(), seed=seed) for seed in range(3)]
    stacked = stack(members)
    for name, shape in parameter_shapes(ModelConfig()).items():
        assert stacked[name].shape == (3, *shape)
        np.testing.assert_array_equal(stacked[name][2], members[2][name])
