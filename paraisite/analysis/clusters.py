"""Clusters of crystals by their descriptors and by all models' predictions, and what sets the clusters apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymatgen.core.composition import Composition
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from paraisite.analysis.correlations import N
from paraisite.analysis.model_predictions import ModelPredictions, select_shared_crystals
from paraisite.schema import KAPPA_MEAN, MATERIAL_ID, OUT_OF_DOMAIN_FLAG

CLUSTER: Final = "cluster"
FEATURE: Final = "feature"
MEDIAN: Final = "median"
MEAN_Z: Final = "mean_z"
ETA_SQUARED: Final = "eta_squared"
ELEMENTS: Final = "typical_elements"
FIRST_AXIS: Final = "pc1"
SECOND_AXIS: Final = "pc2"
LOG10_MEAN: Final = f"log10_{KAPPA_MEAN}"

_N_CLUSTER: Final = range(3, 9)
"""Two would only separate high conductivities from low ones, as mTC does already."""
_MAX_Z: Final = 3.0
"""Standard deviations beyond which a crystal counts as no farther away: one outlier would be a cluster of its own."""
_N_TYPICAL: Final = 5
_MOST_MISSING: Final = 0.1
"""Share of crystals without a descriptor above which it is left out; with fewer the crystals are."""
_N_COMPARED: Final = 2000
_SEED: Final = 42


@dataclass(frozen=True, eq=False)
class CrystalClusters:
    """Groups of crystals.

    Attributes:
        crystals: material_id, cluster (from 1, the lowest conductivity first), pc1, pc2 (principal components of the
            standardised features), log10 of the models' mean mTC; a row per crystal.
        profiles: cluster, n, feature, its median, its mean in standard deviations from that of all crystals, and the
            share of the feature's variance that lies between the clusters; a row per cluster and feature.
        elements: cluster, n, elements that are commoner in it than among all crystals.
    """

    crystals: pd.DataFrame
    profiles: pd.DataFrame
    elements: pd.DataFrame


def cluster_crystals(observed: Sequence[ModelPredictions]) -> CrystalClusters | None:
    """Cluster the crystals that all models have predictions for, by k-means on standardised features.

    Features are the descriptors and each model's log10 mTC; the number of groups is the one of three to eight that
    the silhouette prefers.

    Returns:
        None where fewer crystals than nine are known to all models, or no two features vary.
    """
    features = _collect_features(observed)
    if len(features) <= _N_CLUSTER[-1] or features.shape[1] < 2:
        return None
    standardised = (features - features.mean()) / features.std(ddof=0)
    bounded = standardised.clip(-_MAX_Z, _MAX_Z).to_numpy(np.float64)
    labels = _number_by_conductivity(_fit_labels(bounded), features)
    axes = PCA(2, random_state=_SEED).fit_transform(bounded)
    crystals = pd.DataFrame(
        {
            MATERIAL_ID: features.index,
            CLUSTER: labels,
            FIRST_AXIS: axes[:, 0],
            SECOND_AXIS: axes[:, 1],
            LOG10_MEAN: _select_log10_means(features).mean(axis=1).to_numpy(),
        }
    )
    formulas = observed[0].formulas
    formulas_of_clustered = None if formulas is None else formulas.loc[features.index]
    return CrystalClusters(
        crystals, _tabulate_profiles(features, standardised, labels), _tabulate_elements(labels, formulas_of_clustered)
    )


def _collect_features(observed: Sequence[ModelPredictions]) -> pd.DataFrame:
    """Return descriptors and log10 mTC of the crystals for which all are known; columns that vary."""
    predicted = select_shared_crystals(observed, KAPPA_MEAN)
    predicted = predicted[(predicted > 0).all(axis=1)]
    known = observed[0].descriptors.drop(columns=OUT_OF_DOMAIN_FLAG, errors="ignore")  # each model has its own
    if predicted.empty or not known.index.is_unique:
        return pd.DataFrame()
    known = known.reindex(predicted.index)
    known = known.loc[:, known.isna().mean() <= _MOST_MISSING]
    features = pd.concat([known, predicted.apply(np.log10).add_prefix(f"{LOG10_MEAN} ")], axis=1).dropna()
    return features.loc[:, features.std(ddof=0) > 0]


def _select_log10_means(features: pd.DataFrame) -> pd.DataFrame:
    return features.filter(regex=f"^{LOG10_MEAN} ")


def _fit_labels(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return each crystal's group, for the number of groups with the best silhouette."""
    labels_by_n = {n: KMeans(n, n_init=10, random_state=_SEED).fit_predict(values) for n in _N_CLUSTER}
    scores = {
        n: silhouette_score(values, labels, sample_size=min(_N_COMPARED, len(values)), random_state=_SEED)
        for n, labels in labels_by_n.items()
        if len(np.unique(labels)) == n
    }
    return np.asarray(labels_by_n[max(scores, key=lambda n: scores[n])])


def _number_by_conductivity(labels: npt.NDArray[np.int64], features: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the groups numbered from 1, those of the lowest conductivity first."""
    order = _select_log10_means(features).mean(axis=1).groupby(labels).mean().sort_values().index
    numbers = {label: number for number, label in enumerate(order, start=1)}
    return np.array([numbers[label] for label in labels], np.int64)


def _tabulate_profiles(
    features: pd.DataFrame, standardised: pd.DataFrame, labels: npt.NDArray[np.int64]
) -> pd.DataFrame:
    counts = pd.Series(labels).value_counts()
    means, medians = standardised.groupby(labels).mean(), features.groupby(labels).median()
    # The standardised features have mean 0 and variance 1 over all crystals.
    between = (means**2).mul(counts / len(labels), axis=0).sum()
    rows = [
        {
            CLUSTER: cluster,
            N: int(counts[cluster]),
            FEATURE: feature,
            MEDIAN: medians.loc[cluster, feature],
            MEAN_Z: means.loc[cluster, feature],
            ETA_SQUARED: between[feature],
        }
        for cluster in means.index
        for feature in between.sort_values(ascending=False).index
    ]
    return pd.DataFrame(rows)


def _tabulate_elements(labels: npt.NDArray[np.int64], formulas: pd.Series | None) -> pd.DataFrame:
    """Return for each group the elements whose share of crystals there exceeds that among all crystals the most."""
    counts = pd.Series(labels).value_counts().sort_index()
    table = pd.DataFrame({CLUSTER: counts.index, N: counts.to_numpy()})
    if formulas is None:
        return table.assign(**{ELEMENTS: ""})
    everywhere = _count_element_shares(formulas)
    typical = []
    for cluster in counts.index:
        excess = _count_element_shares(formulas[labels == cluster]).sub(everywhere, fill_value=0.0)
        typical.append(" ".join(excess[excess > 0].nlargest(_N_TYPICAL).index))
    return table.assign(**{ELEMENTS: typical})


def _count_element_shares(formulas: pd.Series) -> pd.Series:
    """Return the share of crystals that hold each element."""
    count = Counter(element.symbol for formula in formulas for element in Composition(str(formula)).elements)
    return pd.Series(count, dtype=np.float64).sort_index() / max(len(formulas), 1)
