"""The report as a user gets it, of whatever is there."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.workflows import report
from tests.analysis.planted_correlations import planted
from tests.pipeline import params_text
from tests.reports.test_document import Page
from tests.synthetic_result import make_dataset, make_result


@pytest.fixture
def folder(tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_with_nothing_here_every_section_names_what_makes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.write_report()
    text = (folder / "build/report/report.html").read_text()
    for command in ("prepare togo15", "compare", "backbones", "overlap", "statistics", "select", "cross-validate"):
        assert f"<code>python -m paraisite {command}</code>" in text
    assert "10 sections, 8 without results" in " ".join(capsys.readouterr().out.split())


def test_what_is_here_is_shown_without_the_network_and_logged(folder: Path) -> None:
    make_dataset("togo15", n_row=20).save(folder / "build/prepare/togo15")
    make_result("RWTG15", n_epoch=5).save(folder / "build/rwtg15/result")
    StatisticsTables.of(planted()).write(folder / "build/statistics")
    report.write_report(folder / "here" / "page.html")
    found = Page((folder / "here" / "page.html").read_text())
    assert all(address.startswith("data:image/") for address in found.loaded)
    assert found.tags.count("img") == 10
    assert "script" not in found.tags
    assert (folder / "here/figures/learning_curves_rwtg15.pdf").exists()
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.metrics["sections without inputs"] == 5
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"page.html", "figures"}


def test_a_damaged_input_costs_one_section_only(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "build/rwtg15/result").mkdir(parents=True)
    report.write_report()
    assert (
        "The results of this section cannot be read: build/rwtg15/result holds no complete result"
        in (folder / "build/report/report.html").read_text()
    )
