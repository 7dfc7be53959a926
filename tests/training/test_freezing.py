"""What each degree of freezing leaves to train."""

import typing
from itertools import pairwise

import pytest

from paraisite.config import Frozen
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.training.freezing import list_frozen_parameters

CONFIG = ModelConfig(head_hidden=(8,))
DEGREES = typing.get_args(Frozen)


def test_each_degree_freezes_more_than_the_one_before() -> None:
    found = [set(list_frozen_parameters(degree, CONFIG)) for degree in DEGREES]
    assert not found[0]
    assert all(less < more for less, more in pairwise(found))


def test_the_head_always_trains() -> None:
    trained = set(parameter_shapes(CONFIG)) - set(list_frozen_parameters("backbone", CONFIG))
    assert trained == {f"head/{layer}/{part}" for layer in (0, 1) for part in ("kernel", "bias")}


@pytest.mark.parametrize(("degree", "first"), [("embedding", "preblock/"), ("two_blocks", "block_2/")])
def test_training_begins_behind_what_is_frozen(degree: Frozen, first: str) -> None:
    frozen = list_frozen_parameters(degree, CONFIG)
    names = list(parameter_shapes(CONFIG))
    assert names[: len(frozen)] == list(frozen)
    assert names[len(frozen)].startswith(first)
