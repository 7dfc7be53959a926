"""The list of backbones: every start has one, and each names a network that exists."""

from paraisite.data.sources.megnet_weights import PUBLISHED_FILES
from paraisite.training.pretrained_networks import BACKBONES, Origin
from paraisite.training.recipes import LFE, InitialWeights
from paraisite.workflows.pretrain import VARIANTS


def test_every_start_has_a_backbone_with_a_name_and_a_label_of_its_own() -> None:
    assert set(BACKBONES) == set(InitialWeights)
    assert len({backbone.name for backbone in BACKBONES.values()}) == len(BACKBONES)
    assert len({backbone.label for backbone in BACKBONES.values()}) == len(BACKBONES)


def test_all_published_models_and_all_variants_of_pretraining_are_compared() -> None:
    sources = {
        origin: {backbone.source for backbone in BACKBONES.values() if backbone.origin is origin} for origin in Origin
    }
    assert sources == {Origin.RANDOM: {""}, Origin.PUBLISHED: set(PUBLISHED_FILES), Origin.LAB: set(VARIANTS)}


def test_the_networks_that_recipes_start_from_keep_their_registered_names() -> None:
    assert BACKBONES[InitialWeights.FORMATION_ENERGY].name == "FE"
    assert BACKBONES[InitialWeights.LAB_FORMATION_ENERGY].name == LFE
