"""Campaigns from the command: which folder a tier has, and what is refused."""

from pathlib import Path

import pytest

from paraisite.errors import ConfigError
from paraisite.workflows import label


@pytest.mark.parametrize("tier", ["bte", "bte_check"])
def test_a_retired_tier_says_what_replaces_it(tier: str):
    with pytest.raises(ConfigError, match=rf"tier {tier} was computed with settings .* `label kappa` computes"):
        label.label_crystals(tier, n_process=1, keep=False)


def test_tiers_of_data_sets_and_settings_have_a_folder_each():
    config = label.load_config()
    assert label._folder("kappa", config, "togo15") == Path("build/labels/kappa")
    assert label._folder("kappa_known", config, "hh143") == Path("build/labels/kappa_known/hh143")
    assert label._folder("phonons", config, "mine") == Path("build/labels/phonons/mine")
    assert label._folder("settings", config, "togo15") == Path("build/labels/settings/nequix-mp-1-pft")
