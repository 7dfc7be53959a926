"""Sections of the report on the data sets, and on how the results were computed."""

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL
from paraisite.data.datasets.table import Dataset
from paraisite.reports.document import CaptionedTable, Section
from paraisite.reports.element_map import count_elements, element_map
from paraisite.reports.field_names import DATA_SET_NAMES
from paraisite.reports.lab_figures import kappa_histogram
from paraisite.reports.pictures import Drawn
from paraisite.schema import KAPPA, REASON, SOURCE

_PACKAGES: Final = (
    "tensorflow", "numpy", "scipy", "pandas", "scikit-learn", "pymatgen", "matplotlib", "mlflow", "dvc",
)  # fmt: skip

ABOUT: Final = Section(
    "About this report",
    words=(
        "How well a crystal conducts heat by the vibrations of its atoms is its **lattice thermal conductivity**, here "
        "called kappa, in W/m/K at 300 K. Diamond has thousands, a good thermoelectric about one. A first-principles "
        "calculation takes days per crystal, so that accurate values are known for few crystals.",
        f"ParAIsite predicts kappa from the crystal structure alone. The default model, **{DEFAULT_MODEL}**, is one "
        "Gaussian process on descriptors of composition and structure, fitted to all accurate values, those of Togo15, "
        "HH143 and Phonix, and to our own labels of kinds of crystals that these lack.",
        "The paper's models are graph neural networks (MEGNet). As accurate values were few, they are trained by "
        "transfer learning in stages: on formation energies of many crystals, on approximate conductivities of "
        "thousands, and finally on 95 accurate ones (**Togo15**). Each model is an ensemble of nine networks, each "
        "trained on a different four fifths of the data. The mean of their predictions is called **mTC**, their "
        "variance **var(pTC)**.",
        "A network's name lists its training sets: RW stands for random initial weights, LFE (or FE) for formation "
        "energies, LAB or AF for approximate conductivities, TG15 for Togo15 as the last "
        "stage. The models called GP among the errors on held-out rows are Gaussian processes fitted to Togo15 alone, "
        "on descriptors that are computed from the structure, such as the lightest mass or the shortest distance, or "
        "predicted by networks.",
        "Errors are either the mean of **|ln(predicted/known)|**, where 0.35 is a factor of 1.4, or mean absolute "
        "percentage errors (**MAPE**), where 0.3 means that a prediction is off by 30 % on average. "
        "The method is that of Klochko and d'Aquin, Phys. Chem. Chem. Phys. 2026, DOI 10.1039/D5CP04401D; captions "
        "name the corresponding figures and tables of that paper.",
    ),
)


def data_section(datasets: Sequence[Dataset]) -> Section:
    """Return the contents of the data sets: conductivities, elements and sources."""
    columns = ("materials", "rejected", "minimum", "median", "maximum", "digest", "source")
    rows = [_described(dataset) for dataset in datasets]
    names = pd.Index([_name(dataset) for dataset in datasets], name="data set")
    return Section(
        "The data sets",
        words=(
            "The training and test sets. Rows whose structure or value is not physical are rejected with a reason. The "
            "digest identifies the exact content.",
            "The maps show how many materials of a data set contain each element. Pale elements are absent: a model "
            "trained on this data set has not seen them.",
        ),
        figures=(_distribution(datasets), *(_elements(dataset) for dataset in datasets)),
        tables=(
            CaptionedTable(
                "Data sets; conductivities in W/m/K.", pd.DataFrame(rows, index=names, columns=list(columns))
            ),
        ),
    )


def making_section(provenance: Mapping[str, str], settings: Mapping[str, Any]) -> Section:
    """Return how the results were computed.

    Args:
        provenance: Code and data, as ``tracking.store.provenance_tags`` names them.
        settings: As in params.yaml, nested.
    """
    versions = {package: importlib.metadata.version(package) for package in _PACKAGES}
    return Section(
        "How the results were computed",
        words=(
            "Every number above is read from outputs of the pipeline's stages (dvc.yaml); dvc repro recomputes them "
            "with the code, data and settings below. Each stage is a run in MLflow with its parameters, curves and "
            "figures, and so is this page.",
        ),
        tables=(_as_table("Versions of code and data.", provenance, "item"),),
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


def _name(dataset: Dataset) -> str:
    return DATA_SET_NAMES.get(dataset.name, dataset.name)


def _distribution(datasets: Sequence[Dataset]) -> Drawn:
    kappas = {_name(dataset): dataset.table[KAPPA].to_numpy(np.float64) for dataset in datasets}
    return Drawn(
        "kappa_of_data_sets",
        kappa_histogram(kappas),
        pd.concat([pd.DataFrame({"dataset": name, KAPPA: values}) for name, values in kappas.items()]),
        "Distribution of the conductivities in each data set (the paper's Fig. 1); dashed: medians.",
        "Histograms of the logarithm of the conductivity over each other, one colour per data set.",
    )


def _elements(dataset: Dataset) -> Drawn:
    table = dataset.table.assign(**{REASON: ""})
    counts = count_elements([table])
    return Drawn(
        f"elements_{dataset.name}",
        element_map([table]),
        pd.DataFrame({"element": counts.keys(), "n_material": counts.values()}),
        f"The chemical space of {_name(dataset)}: number of materials that contain each element.",
        "A periodic table, darker where more materials contain the element.",
    )


def _as_table(caption: str, values: Mapping[str, object], name: str) -> CaptionedTable:
    index = pd.Index(list(values), name=name)
    return CaptionedTable(caption, pd.DataFrame({"value": [str(value) for value in values.values()]}, index=index))


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield nested settings by their names with dots between."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", ", ".join(map(str, value)) if isinstance(value, tuple) else value
