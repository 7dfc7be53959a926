"""Sections of the report on what models learnt from, and on how the numbers were made."""

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from paraisite.data.datasets.table import Dataset
from paraisite.reports.document import Section, Shown
from paraisite.reports.lab_figures import element_counts, element_map, kappa_histogram
from paraisite.reports.pictures import Drawn
from paraisite.schema import KAPPA, REASON, SOURCE

_PACKAGES: Final = (
    "tensorflow", "numpy", "scipy", "pandas", "scikit-learn", "pymatgen", "matplotlib", "mlflow", "dvc",
)  # fmt: skip

ABOUT: Final = Section(
    "What this is",
    words=(
        "How well a crystal conducts heat by the vibrations of its atoms is its **lattice thermal conductivity**, here "
        "called kappa, in watts per metre and kelvin (W/m/K) at 300 K. Diamond has thousands, a good thermoelectric "
        "about one. To compute it from first principles takes days per crystal, so that precise values are known for "
        "few.",
        "ParAIsite predicts it from the crystal structure alone, with a graph neural network (MEGNet). As precise "
        "values are few, the network learns in steps: first the formation energies of many crystals, then rough "
        "conductivities of thousands, at last precise ones of 95 (**Togo15**). Each model is nine networks that learnt "
        "from nine different four fifths of the data. Their mean is called **mTC**, the variance among them "
        "**var(pTC)**: how much they disagree.",
        "Names of models say what they learnt: RW begins with random weights, LFE (or FE) with formation energies; LAB "
        "or AF stands for rough conductivities, BTE for better ones, TG15 for Togo15 at the end. GP is no network: "
        "nine mixtures of Gaussian processes that learnt from what networks say of Togo15's crystals, and what can be "
        "read off a crystal, such as its lightest mass or its shortest distance.",
        "Errors are mean absolute percentage errors (**MAPE**): 0.3 means that a prediction is off by 30 % on average. "
        "The method is that of Klochko and d'Aquin, Phys. Chem. Chem. Phys. 2026, DOI 10.1039/D5CP04401D; figures that "
        "answer one of theirs say which.",
    ),
)


def data_section(datasets: Sequence[Dataset]) -> Section:
    """Return what the data sets hold: their conductivities, their elements, and where they come from."""
    columns = ("materials", "refused", "lowest", "median", "highest", "digest", "from")
    rows = [_described(dataset) for dataset in datasets]
    names = pd.Index([dataset.name for dataset in datasets], name="data set")
    return Section(
        "The data sets",
        words=(
            "What the models learn from. Rows that could not be used, as their structure or value is impossible, are "
            "refused with a reason and counted here. The digest names the exact content.",
            "The maps show how many materials of a data set hold each element: of what stays pale, a model has seen "
            "nothing.",
        ),
        figures=(_distribution(datasets), *(_elements(dataset) for dataset in datasets)),
        tables=(Shown("Data sets; conductivities in W/m/K.", pd.DataFrame(rows, index=names, columns=list(columns))),),
    )


def making_section(provenance: Mapping[str, str], settings: Mapping[str, Any]) -> Section:
    """Return how the numbers were made.

    Args:
        provenance: Code and data, as ``tracking.store.provenance_tags`` names them.
        settings: As in params.yaml, nested.
    """
    versions = {package: importlib.metadata.version(package) for package in _PACKAGES}
    return Section(
        "How the numbers were made",
        words=(
            "Every number above was read from files that the steps of the pipeline wrote (dvc.yaml); dvc repro makes "
            "them anew with the code, data and settings below. Each step is a run in MLflow with its parameters, "
            "curves and figures; this page is the artifact of such a run.",
        ),
        tables=(_as_table("Code and data.", provenance, "what"),),
        folded=(
            _as_table("Versions of the packages that results depend on", versions, "package"),
            _as_table("Settings (params.yaml)", dict(_flat(settings)), "setting"),
        ),
    )


def _described(dataset: Dataset) -> list[str]:
    kappa = dataset.table[KAPPA].to_numpy(np.float64)
    sources = "; ".join(str(source) for source in dataset.table[SOURCE].value_counts().index[:2])
    ends = (f"{value:,.4g}" for value in (kappa.min(), np.median(kappa), kappa.max()))
    return [f"{len(dataset):,}", f"{len(dataset.rejected):,}", *ends, dataset.digest[:12], sources]


def _distribution(datasets: Sequence[Dataset]) -> Drawn:
    kappas = {dataset.name: dataset.table[KAPPA].to_numpy(np.float64) for dataset in datasets}
    return Drawn(
        "kappa_of_data_sets",
        kappa_histogram(kappas),
        pd.concat([pd.DataFrame({"dataset": name, KAPPA: values}) for name, values in kappas.items()]),
        "How conductivities are distributed in each data set (the paper's Fig. 1); dashed: medians.",
        "Histograms of the logarithm of the conductivity over each other, one colour per data set.",
    )


def _elements(dataset: Dataset) -> Drawn:
    table = dataset.table.assign(**{REASON: ""})
    counts = element_counts([table])
    return Drawn(
        f"elements_{dataset.name}",
        element_map([table]),
        pd.DataFrame({"element": counts.keys(), "n_material": counts.values()}),
        f"The chemical space of {dataset.name}: materials that hold each element.",
        "A periodic table, darker where more materials hold the element.",
    )


def _as_table(caption: str, values: Mapping[str, object], name: str) -> Shown:
    index = pd.Index(list(values), name=name)
    return Shown(caption, pd.DataFrame({"value": [str(value) for value in values.values()]}, index=index))


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield nested settings by their names with dots between."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", ", ".join(map(str, value)) if isinstance(value, tuple) else value
