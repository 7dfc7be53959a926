"""Campaigns from the command: which folder a tier has, and what is refused."""

from pathlib import Path

import pytest

from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels.tiers import Campaign
from paraisite.workflows import label
from tests.pipeline import params_text


@pytest.mark.parametrize("potential", ["nosuch", "", "../../elsewhere", "/tmp/elsewhere"])
def test_a_potential_that_is_none_leaves_nothing(potential: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its folder was begun, and blocked the commands that came after it."""
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="unknown potential"):
        label.label_crystals("settings", n_process=1, keep=False, potential=potential)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_tier_with_a_potential_of_its_own_takes_no_other():
    with pytest.raises(ConfigError, match=r"tier slack is computed with lab\.slack_potential"):
        label.label_crystals("slack", n_process=1, keep=False, potential="7net-l3i5")


def test_tiers_of_data_sets_and_settings_have_a_folder_each():
    config = label.load_config()
    assert label._folder("kappa", config, "togo15") == Path("build/labels/kappa")
    assert label._folder("kappa_known", config, "hh143") == Path("build/labels/kappa_known/hh143")
    assert label._folder("phonons", config, "mine") == Path("build/labels/phonons/mine")
    assert label._folder("settings", config, "togo15") == Path("build/labels/settings/nequix-mp-1-pft")


def test_a_campaign_goes_on_from_the_parts_that_are_shipped(monkeypatch: pytest.MonkeyPatch):
    """Without them, keeping its parts would drop the shipped ones from the store."""
    fetched: list[str] = []
    folders: list[Path] = []

    def fetch(path: Path, *, target: str) -> Path:
        fetched.append(target)
        if target != "data.dvc":
            raise MissingInputError("not tracked")
        return path

    monkeypatch.setattr(label, "fetch_tracked", fetch)
    monkeypatch.setattr(label, "_campaign", lambda *_: Campaign("ase.calculators.emt:EMT", (), lambda *_: [], {}))
    monkeypatch.setattr(label, "run_campaign", lambda *_, folder, **__: folders.append(folder))
    label.label_crystals("kappa_known", n_process=1, keep=False, dataset="phonix")
    label.label_crystals("settings", n_process=1, keep=False)
    shipped_settings = "build/labels/settings/nequix-mp-1-pft"
    assert fetched == ["data.dvc", "build/labels/kappa_known/phonix", "data.dvc", shipped_settings]
    assert folders == [Path("build/labels/kappa_known/phonix"), Path("build/labels/settings/nequix-mp-1-pft")]
