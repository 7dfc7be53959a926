"""A cross-validation goes on where it was interrupted, and leaves its tables and nothing else."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.analysis.held_out_accurate import Fold
from paraisite.arrays import Bools
from paraisite.artifacts.training_rows import LabelCorrection
from paraisite.config import load_config
from paraisite.data.datasets.accurate import NAME_OF_SOURCE
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import Dataset
from paraisite.inference.relevance_model import DescribedMaterials
from paraisite.labels.functional_correction import CorrectedLabels
from paraisite.models import relevance_likelihood
from paraisite.workflows import cross_validate
from tests.pipeline import params_text, two_splits

NO_LABELS = SimpleNamespace(correct_without=lambda _: CorrectedLabels(np.zeros(0), ()), digest="none")

OUTPUTS = {"predictions.csv.gz", "summary.csv", "kinds.csv", "kinds.md", "table.md", "peer.csv", "figures"}


def small_accurate(data: Path) -> Dataset:
    """Return half of Togo15's rows as if most of them were Phonix's, a few of those selected by their label."""
    togo15 = load_dataset("togo15", load_config().data, data)
    some = togo15.take(np.arange(0, len(togo15), 2))
    source_of = {name: source for source, name in NAME_OF_SOURCE.items()}
    numbers = np.arange(len(some))
    space_group = [(225, 216, 186, 166, 160, 194)[number % 6] for number in numbers]
    table = some.table.assign(
        **{
            schema.SOURCE: [source_of["togo15" if number < 10 else "phonix"] for number in numbers],
            schema.SPACE_GROUP: space_group,
            schema.PROTOTYPE: [f"AB_cF8_{number}_a_b" for number in space_group],
            schema.SELECTED_BY_LABEL: numbers % 12 == 11,
        }
    )
    return dataclasses.replace(some, name="accurate", table=table)


@pytest.fixture
def folder(tmp_path: Path, own_store: None, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with few rows of small crystals, two folds of each protocol, and hasty fits."""
    data = bundled_data.resolve()
    (tmp_path / "params.yaml").write_text(two_splits(params_text("lab")))
    (tmp_path / "data").symlink_to(data, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(relevance_likelihood, "N_STEP", 5)
    monkeypatch.setattr(cross_validate, "load_training_rows", lambda *_: small_accurate(data))
    monkeypatch.setattr(LabelCorrection, "load", lambda *_: NO_LABELS)
    draw = cross_validate.draw_folds
    monkeypatch.setattr(
        cross_validate, "draw_folds", lambda *args, **kw: (fold for fold in draw(*args, **kw) if fold.number <= 2)
    )
    return tmp_path


def test_an_interrupted_run_goes_on_and_leaves_its_tables_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, fits, last = cross_validate.predict_fold, [], [3]

    def predict(
        dataset: Dataset, materials: DescribedMaterials, elements: Bools, fold: Fold, **options: Any
    ) -> pd.DataFrame:
        if len(fits) == last[0]:
            raise KeyboardInterrupt
        fits.append((fold.protocol, fold.number))
        return real(dataset, materials, elements, fold, **options)

    monkeypatch.setattr(cross_validate, "predict_fold", predict)
    with pytest.raises(KeyboardInterrupt):
        cross_validate.cross_validate(n_process=1)
    parts = folder / "build" / "checkpoints" / "cross_validate"
    assert len(list(parts.glob("*/*.parquet"))) == 3
    assert not (folder / "build" / "cross_validate").exists()

    last[0] = -1
    cross_validate.cross_validate(n_process=1)
    protocols = ("formula", "space-group", "structure-type", "togo15-honest")
    assert fits == [(protocol, number) for protocol in protocols for number in (1, 2)], "each fold is fitted once"
    assert not parts.exists()
    made = folder / "build" / "cross_validate"
    assert {path.name for path in made.iterdir()} == OUTPUTS
    predictions, summary = pd.read_csv(made / "predictions.csv.gz"), pd.read_csv(made / "summary.csv")
    assert predictions.groupby(["protocol", "fold"], sort=False).ngroups == 8
    assert set(summary["data_set"]) == {"togo15", "phonix", "phonix-low-kappa"}
    by_formula = summary[summary["protocol"] == "formula"]
    assert (by_formula["rows_sharing_a_formula_with_training_rows"] == 0).all()
    assert "error" in capsys.readouterr().out
