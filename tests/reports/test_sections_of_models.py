"""The section of the report on trainings."""

from paraisite.reports.sections_of_models import training_section
from tests.synthetic_result import make_result


def test_every_model_has_its_learning_curves() -> None:
    section = training_section([make_result("RWTG15", n_epoch=6), make_result("FEAF", n_epoch=6)])
    assert [item.name for item in section.all_figures] == [
        "mape_of_splits_final", "mape_of_splits_earlier", "learning_curves_rwtg15", "learning_curves_feaf",
    ]  # fmt: skip
