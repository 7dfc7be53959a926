"""One row out for each row in, whatever became of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.inference.predictor import NOT_FINITE
from paraisite.schema import FORMULA, MATERIAL_ID, REASON, ROW
from paraisite.screening.chunks import Chunk, Form, Span
from paraisite.screening.score import score_chunk, table_schema
from paraisite.screening.scorer import Scores
from tests.graphs.crystals import rocksalt, simple_cubic
from tests.screening.materials import ATOMS, DISTANCE, PlainScorer

LINES = (
    json.dumps({"id": "good", "structure": rocksalt().as_dict()}),
    "{",
    json.dumps({"id": "isolated", "structure": simple_cubic(9.0).as_dict()}),
    json.dumps({"id": "shared", "structure": simple_cubic(3.0, {"Na": 0.5, "K": 0.5}).as_dict()}),
    json.dumps({"id": "good", "structure": rocksalt(5.0).as_dict()}),
)


class BrokenForNaCl(PlainScorer):
    """Has no number for what has the longest bonds."""

    def score(self, crystals: CrystalArrays) -> Scores:
        found = super().score(crystals)
        columns = dict(found.columns)
        columns[ATOMS] = np.where(columns[DISTANCE] > 2.6, np.nan, columns[ATOMS])
        return found._replace(columns=columns)


def score(scorer: PlainScorer, *lines: str) -> list[dict[str, Any]]:
    content = tuple(f"{line}\n".encode() for line in lines)
    chunk = Chunk(3, 100, len(lines), (Span(Form.LINES, Path("x.jsonl"), 40, content=content),), 1.0)
    table = score_chunk(chunk, scorer)
    assert table.schema.equals(table_schema(scorer), check_metadata=True)
    return table.to_pylist()


def test_each_row_has_its_answer_or_its_reason():
    rows = score(PlainScorer(), *LINES)
    assert [row[ROW] for row in rows] == [100, 101, 102, 103, 104]
    assert [row[MATERIAL_ID] for row in rows] == ["good", "x.jsonl#42", "isolated", "shared", "good"]
    assert [row[FORMULA] for row in rows] == ["NaCl", None, "Po", None, "NaCl"]
    assert [row[REASON] is None for row in rows] == [row[ATOMS] is not None for row in rows]
    assert [row[DISTANCE] and round(row[DISTANCE], 3) for row in rows] == [2.845, None, None, None, 2.5]
    assert "isolated" in rows[2][REASON]
    assert "not fully occupied" in rows[3][REASON]


def test_an_answer_that_is_no_number_is_a_row_with_a_reason():
    rows = score(BrokenForNaCl(), *LINES)
    assert rows[0] == {ROW: 100, MATERIAL_ID: "good", FORMULA: "NaCl", ATOMS: None, DISTANCE: None, REASON: NOT_FINITE}
    assert rows[4][DISTANCE] is not None


def test_a_chunk_without_any_crystal_has_its_rows_all_the_same():
    assert [row[ATOMS] for row in score(PlainScorer(), "{", "[]")] == [None, None]
