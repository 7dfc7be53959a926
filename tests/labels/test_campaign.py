"""Campaigns end with the same files whatever happens on the way."""

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from paraisite.errors import ConfigError, DataError, MissingInputError, ParaisiteError
from paraisite.labels.campaign import CampaignPart, Row, part_name, read_parts, run_campaign
from paraisite.labels.named_code import ALLOWED_VARIABLE
from tests.waiting import wait_until

POTENTIAL = "ase.calculators.emt:EMT"
UNKNOWN = ("chgnet", "no.such.module:f", "ase.calculators.emt:NoSuchClass")
PARTS = [CampaignPart(part_name(number), [number, number + 0.5]) for number in range(6)]
PLAN = {"potential": POTENTIAL, "seed": 1}


@pytest.fixture(autouse=True)
def allow_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_VARIABLE, ", ".join((POTENTIAL, *UNKNOWN)))


def square(items: Sequence[float], calculator: Any) -> list[Row]:
    return [{"x": x, "square": x * x, "of": type(calculator).__name__, "reason": ""} for x in items]


def square_slowly(items: Sequence[float], calculator: Any) -> list[Row]:
    time.sleep(0.5)
    return square(items, calculator)


def die_at_three(items: Sequence[float], calculator: Any) -> list[Row]:
    if 3 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(items, calculator)


def run(
    folder: Path,
    label: Any = square,
    *,
    plan: dict[str, Any] | None = None,
    parts: list[CampaignPart] = PARTS,
    n_process: int = 1,
) -> list[int]:
    seen: list[int] = []
    run_campaign(
        parts,
        label,
        folder=folder,
        plan=plan or PLAN,
        potential=POTENTIAL,
        n_process=n_process,
        on_part=lambda *, n_done, n_part, rows: seen.append(n_done),
    )
    return seen


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_every_part_becomes_a_file_of_rows_in_order(tmp_path: Path):
    assert run(tmp_path, n_process=2) == list(range(7))
    rows = read_parts(tmp_path)
    assert rows["x"].tolist() == [x for part in PARTS for x in part.items]
    assert set(rows["of"]) == {"EMT"}


def test_what_is_labelled_next_is_chosen_from_parts_and_what_is_done(tmp_path: Path):
    run(tmp_path, parts=PARTS[:2])
    taken: list[float] = []
    run_campaign(
        PARTS,
        square,
        folder=tmp_path,
        plan=PLAN,
        potential=POTENTIAL,
        n_process=1,
        on_part=lambda *, n_done, n_part, rows: taken.extend(row["x"] for row in rows[:1]),
        order=lambda parts, done, **_: [part for part in parts if part.name not in done][2:3],
    )
    assert taken == [4], "0 and 1 are done, 2 and 3 are not asked for"


def test_a_campaign_whose_process_is_killed_says_so_and_goes_on_to_the_same_files(tmp_path: Path):
    run(tmp_path / "whole")
    with pytest.raises(ParaisiteError, match="the same command goes on"):
        run(tmp_path / "killed", die_at_three)
    n_left = len(list((tmp_path / "killed").glob("part-*")))
    assert n_left < len(PARTS)
    assert run(tmp_path / "killed")[0] == n_left
    assert content(tmp_path / "killed") == content(tmp_path / "whole")


def test_a_campaign_that_is_killed_itself_goes_on_to_the_same_files(tmp_path: Path):
    run(tmp_path / "whole")
    campaign = multiprocessing.get_context("spawn").Process(target=run, args=(tmp_path / "killed", square_slowly))
    campaign.start()
    wait_until(lambda: list((tmp_path / "killed").glob("part-*.parquet")), is_alive=campaign.is_alive)
    campaign.kill()
    campaign.join()
    assert 0 < len(list((tmp_path / "killed").glob("part-*.parquet"))) < len(PARTS)
    run(tmp_path / "killed")
    assert content(tmp_path / "killed") == content(tmp_path / "whole")


def test_a_longer_campaign_keeps_what_a_shorter_one_did(tmp_path: Path):
    run(tmp_path, parts=PARTS[:2])
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert run(tmp_path) == [2, 3, 4, 5, 6]
    assert run(tmp_path) == [6]
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_another_plan_does_not_mix_with_what_is_there(tmp_path: Path):
    run(tmp_path, parts=PARTS[:1])
    with pytest.raises(DataError, match="begun with seed = 1, now it is 2"):
        run(tmp_path, plan={**PLAN, "seed": 2})


def test_parts_after_a_gap_are_read(tmp_path: Path):
    run(tmp_path)
    (tmp_path / "part-00002.parquet").unlink()
    assert len(read_parts(tmp_path)) == 10


def test_a_damaged_part_is_named(tmp_path: Path):
    run(tmp_path, parts=PARTS[:2])
    (tmp_path / "part-00001.parquet").write_bytes(b"PAR1 half of it")
    with pytest.raises(DataError, match=r"part-00001\.parquet is damaged"):
        read_parts(tmp_path)


def test_a_folder_without_labels_is_said_to_be_one(tmp_path: Path):
    with pytest.raises(MissingInputError, match="holds no labels"):
        read_parts(tmp_path)


@pytest.mark.parametrize("potential", UNKNOWN)
def test_an_unknown_potential_is_named_before_any_work(tmp_path: Path, potential: str):
    with pytest.raises(ConfigError, match=potential.split(":")[0]):
        run_campaign(
            PARTS,
            square,
            folder=tmp_path,
            plan=PLAN,
            potential=potential,
            n_process=2,
            on_part=lambda **_: None,
        )


def test_a_table_reads_back_as_pandas_wrote_it(tmp_path: Path):
    run(tmp_path, parts=PARTS[:1])
    pd.testing.assert_frame_equal(read_parts(tmp_path), pd.read_parquet(tmp_path / "part-00000.parquet"))
