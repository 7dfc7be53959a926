"""A registered model answers what the predictor answers: in this process, over HTTP, and on Spark."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from paraisite import schema
from paraisite.errors import CheckpointError, TrackingError
from paraisite.inference import rows
from paraisite.models.architecture import ModelConfig
from paraisite.schema import REASON
from paraisite.tracking import served_model
from paraisite.tracking.fetching import fetch_champion, fetch_predictor
from paraisite.tracking.registry import register_file, register_result
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.served_model import PredictorModel
from tests.graphs.crystals import diamond, rocksalt
from tests.inference.known_predictors import tiny_ensemble, tiny_predictor
from tests.mlflow_servers import running
from tests.models.reference import random_member
from tests.synthetic_result import make_result

SALT, SILICON = rocksalt(4.5, ("Na", "Cl")), diamond(5.43, ("Si", "Si"))
TEXTS = [SALT.to(fmt="cif"), "no structure", json.dumps(SILICON.as_dict())]
URI = "models:/FEAFTG15@champion"
ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 900


@pytest.fixture
def registered(client: MlflowClient) -> MlflowClient:
    """Register a predictor as the version of a recipe."""
    result = make_result(n_row=60, n_epoch=3)
    with recipe_run(result.recipe.name) as run_id:
        register_result(result, tiny_ensemble(), run_id=run_id, predictor=tiny_predictor())
    return client


def check_answers(found: pd.DataFrame) -> None:
    expected = rows.build_frame(tiny_predictor().predict([SALT, "none", SILICON]))
    assert list(found.columns) == list(expected.columns)
    assert [bool(reason) for reason in found[REASON]] == [False, True, False]
    for key in (rows.VALUE, *rows.interval_keys(0.5), schema.OUT_OF_DOMAIN):
        np.testing.assert_allclose(found[key].astype(float), expected[key], rtol=1e-4)  # a CIF's rounded coordinates
    assert found[schema.OUT_OF_DOMAIN_FLAG].tolist() == expected[schema.OUT_OF_DOMAIN_FLAG].tolist()
    assert json.loads(found[rows.NEAREST][0])[0]["material_id"] == "m-1"
    assert len(json.loads(found[rows.MEMBERS][2])) == 3


def test_several_outputs_are_refused(tmp_path: Path):
    path = tmp_path / "ensemble.safetensors"
    random_member(ModelConfig(n_output=2)).save(path)
    with pytest.raises(CheckpointError, match="a served model has one output, found kappa, kappa"):
        PredictorModel().load_context(SimpleNamespace(artifacts={"ensemble": str(path)}))


@pytest.mark.parametrize(("limit", "value"), [("MAX_ROWS", 1), ("MAX_CHARACTERS", 10)])
def test_a_request_over_a_limit_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str, value: int):
    monkeypatch.setattr(served_model, limit, value)
    with pytest.raises(MlflowException, match=r"2 rows of 12 characters in one request, expected at most") as caught:
        PredictorModel().predict(None, pd.DataFrame({rows.STRUCTURE: ["no", "no crystal"]}))
    assert caught.value.get_http_status_code() == 400


@pytest.mark.usefixtures("registered")
def test_a_registered_model_answers_with_intervals():
    model = mlflow.pyfunc.load_model(URI)
    check_answers(model.predict(pd.DataFrame({rows.STRUCTURE: TEXTS})))
    beside = {"formula": ["NaBr", None, "Si"], "nsites": [None, 4, 3], "cif": [None, TEXTS[0], None]}
    reasons = model.predict(pd.DataFrame({rows.STRUCTURE: TEXTS, **beside}))[REASON]
    assert "the formula Na Br" in reasons[0]
    assert reasons[2] == "2 atoms were read, while the file says 3"
    assert [column.name for column in model.metadata.get_output_schema()] == list(rows.list_column_types())
    assert model.input_example[rows.STRUCTURE][0].startswith("# generated using pymatgen")


def test_a_model_without_a_reference_answers_with_members_alone(client: MlflowClient, tmp_path: Path):
    path = tmp_path / "tiny.safetensors"
    tiny_ensemble().save(path)
    with recipe_run("FE") as run_id:
        register_file("FE", path, run_id=run_id, tags={}, description="Without a reference.")
    found = mlflow.pyfunc.load_model("models:/FE@champion").predict(pd.DataFrame({rows.STRUCTURE: TEXTS[:1]}))
    assert np.isfinite(found[rows.VALUE]).all()
    assert np.isnan(found[rows.interval_keys(0.9)[0]]).all()
    assert found[schema.OUT_OF_DOMAIN_FLAG].tolist() == [False]
    assert fetch_champion("FE") is None
    assert fetch_predictor("FE", alias="champion").name == "ensemble.safetensors"


@pytest.mark.usefixtures("registered")
def test_a_predictor_comes_back_from_the_registry():
    for path in (fetch_champion("FEAFTG15"), fetch_predictor("FEAFTG15", alias="champion")):
        assert path is not None
        assert {file.name for file in path.iterdir()} == {"ensemble.safetensors", "reference.safetensors"}
    assert fetch_champion("FEAF") is None
    with pytest.raises(TrackingError, match="the registry has no FEAFTG15@best"):
        fetch_predictor("FEAFTG15", alias="best")


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS_TO_START)
@pytest.mark.usefixtures("registered")
def test_a_server_answers_a_cif_over_http(tmp_path: Path):
    command = ["models", "serve", "-m", URI, "--env-manager", "local"]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    with running(command, tmp_path, health="ping", variables=store) as address:
        data = {"dataframe_records": [{rows.STRUCTURE: text} for text in TEXTS]}
        reply = requests.post(f"{address}/invocations", json=data, timeout=SECONDS_TO_START)
        assert reply.status_code == 200, reply.text
        check_answers(pd.DataFrame(reply.json()["predictions"]))


@pytest.mark.slow
@pytest.mark.timeout(2 * SECONDS_TO_START)
@pytest.mark.usefixtures("registered")
def test_a_user_defined_function_on_spark_answers_a_column(monkeypatch: pytest.MonkeyPatch):
    pyspark = pytest.importorskip("pyspark.sql")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark = pyspark.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        answer = mlflow.pyfunc.spark_udf(spark, URI, env_manager="local")
        asked = spark.createDataFrame([(text,) for text in TEXTS], [rows.STRUCTURE])
        found = asked.select(answer(rows.STRUCTURE).alias("answer")).select("answer.*").toPandas()
    finally:
        spark.stop()
    check_answers(found)


def test_what_stands_beside_a_structure_is_compared_with_it():
    model = PredictorModel()
    model._predictor = tiny_predictor()
    asked = {rows.STRUCTURE: [TEXTS[0], TEXTS[0], SILICON.as_dict(), SILICON.as_dict()]}
    found = model.predict(None, pd.DataFrame(asked | {"formula": ["NaCl", "KCl", "Si", "Ge"]}))
    assert [bool(reason) for reason in found[REASON]] == [False, True, False, True]


def test_a_cif_beside_a_structure_is_compared_with_it():
    """It was left out of what a served model compares, while tables were refused."""
    model = PredictorModel()
    model._predictor = tiny_predictor()
    other = TEXTS[0].replace("Cl", "Br")
    asked = {rows.STRUCTURE: [TEXTS[0]] * 3, "CIF": [TEXTS[0], other, None]}
    found = model.predict(None, pd.DataFrame(asked))[REASON]
    assert [bool(reason) for reason in found] == [False, True, False]
    assert "the row's structure is not that of its CIF: the formula Na Br" in found[1]


def test_a_column_that_stands_twice_is_refused():
    asked = pd.DataFrame([[TEXTS[0], "NaCl", "NaBr"]], columns=[rows.STRUCTURE, "formula", "formula"])
    with pytest.raises(MlflowException, match="a column stands there twice") as caught:
        PredictorModel().predict(None, asked)
    assert caught.value.get_http_status_code() == 400


def test_a_bad_cell_costs_its_own_row():
    """A request failed as a whole, with a stack, where one cell was singular, empty, a number or a document."""
    singular = "flat\n1\n4 0 0\n4 0 0\n0 0 4\nNa Cl\n1 1\ncartesian\n0 0 0\n2 2 2\n"
    cells = [TEXTS[0], singular, None, 5, float("nan"), ["x"], {"a": 1}, SILICON.as_dict(), "\ud800", TEXTS[2]]
    model = PredictorModel()
    model._predictor = tiny_predictor()
    found = model.predict(None, pd.DataFrame({rows.STRUCTURE: pd.Series(cells, dtype=object)}))
    assert [not reason for reason in found[REASON]] == [cell in (TEXTS[0], TEXTS[2], cells[7]) for cell in cells]
    assert found[REASON][2] == "the row holds nothing, expected a structure as text"
    np.testing.assert_allclose(found[rows.VALUE][7], found[rows.VALUE][9])
