"""Phonons that were computed are kept, found again, and told apart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paraisite.labels import phonon_labels
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.phonon_store import PhononStore
from tests.graphs.crystals import rocksalt


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def label(name: str, *_: Any, **__: Any) -> dict[str, Any]:
        names.append(name)
        return {"candidate_id": name, "reason": "", "kappa_potential_w_per_m_k": 7.0}

    monkeypatch.setattr(phonon_labels, "label_phonons", label)
    return names


def test_a_crystal_is_computed_once(tmp_path: Path, computed: list[str]) -> None:
    store = PhononStore(tmp_path, "emt", LABELS)
    assert store.find(rocksalt()) is None
    first = store.compute(rocksalt(), None)
    again = PhononStore(tmp_path, "emt", LABELS)
    assert again.find(rocksalt()) == again.compute(rocksalt(), None) == first
    assert len(computed) == 1
    assert first["cpu_minutes"] >= 0


def test_other_crystals_settings_and_potentials_are_others(tmp_path: Path, computed: list[str]) -> None:
    store = PhononStore(tmp_path, "emt", LABELS)
    store.compute(rocksalt(), None)
    store.compute(rocksalt(5.7), None)
    replace(store, potential="lj").compute(rocksalt(), None)
    replace(store, settings=replace(LABELS, mesh=30.0)).compute(rocksalt(), None)
    assert len(set(computed)) == 4


@pytest.mark.parametrize(
    ("old", "new"), [("7.0", "7.5"), ('"row"', '"raw"'), ("{", "["), ('"reason": ""', '"reason": 1')]
)
def test_a_damaged_file_is_never_read_and_costs_no_crystal(
    old: str, new: str, tmp_path: Path, computed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    store = PhononStore(tmp_path, "emt", LABELS)
    first = store.compute(rocksalt(), None)
    path = tmp_path / f"{computed[0]}.json"
    path.write_text(path.read_text().replace(old, new, 1))
    assert store.find(rocksalt()) is None
    assert f"{path.name} is damaged" in caplog.text
    again = store.compute(rocksalt(), None)
    assert again["kappa_potential_w_per_m_k"] == first["kappa_potential_w_per_m_k"] == 7.0
    assert store.find(rocksalt()) == again


def test_what_was_computed_is_not_lost_where_it_cannot_be_kept(
    tmp_path: Path, computed: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    row = PhononStore(tmp_path / "file", "emt", LABELS).compute(rocksalt(), None)
    assert row["kappa_potential_w_per_m_k"] == 7.0
    assert f"the phonons are not kept: {tmp_path / 'file'}" in caplog.text


def test_a_crystal_at_the_border_of_its_cell_is_the_same(tmp_path: Path, computed: list[str]) -> None:
    """Rounded, -1e-9 was 1 and not 0: minutes of phonons were computed again."""
    store = PhononStore(tmp_path, "emt", LABELS)
    store.compute(rocksalt(), None)
    for shift in (-1e-9, 1e-9, 1.0, -1.0):
        moved = rocksalt()
        moved.translate_sites(range(len(moved)), [shift] * 3, to_unit_cell=False)
        store.compute(moved, None)
    assert len(computed) == 1
