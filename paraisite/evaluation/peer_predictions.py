"""A published network's predictions of Phonix's rows, beside those of our models: for comparison, never for training.

ALiEGNN's predictions are those of the benchmark's random test set, which it was not trained on.

Source: arXiv 2605.11610.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from paraisite.data.sources.fact_table import ID_COLUMN
from paraisite.errors import DataError, MissingInputError
from paraisite.metrics.kappa_errors import compute_spearman
from paraisite.schema import KAPPA, LN_RATIO, MATERIAL_ID, MODEL, PREDICTED_KAPPA, PREDICTED_MEDIAN_KAPPA

FILE_NAME: Final = "phonix_aliegnn.csv"
PEER: Final = "ALiEGNN, published"
COMPARISON_FILE: Final = "peer.csv"

_COLUMN: Final = "aliegnn_w_per_m_k"
_N_ROW: Final = "n_row"
_N_MATERIAL: Final = "n_material"
_MAPE: Final = "mape"
_SPEARMAN: Final = "spearman"


def load_peer_predictions(path: Path) -> pd.Series:
    """Return the network's predictions by material, W/m/K.

    Raises:
        MissingInputError: The table is absent.
        DataError: It breaks its schema.
    """
    try:
        table = pd.read_csv(path, dtype={ID_COLUMN: str})
    except FileNotFoundError as error:
        raise MissingInputError(f"{path} not found: get the project's own tables with `dvc pull data.dvc`") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no CSV table ({error})") from error
    if list(table) != [ID_COLUMN, _COLUMN] or table[ID_COLUMN].duplicated().any() or not (table[_COLUMN] > 0).all():
        raise DataError(f"{path}: expected columns {ID_COLUMN} and {_COLUMN}, each id once, every value above 0")
    return pd.Series(table[_COLUMN].to_numpy(np.float64), index=pd.Index(table[ID_COLUMN], name=MATERIAL_ID))


def compare_with_peer(estimates: pd.DataFrame, peer: pd.Series) -> pd.DataFrame:
    """Return the errors of all models on the test rows that the peer predicts, and the peer's on the same rows.

    Args:
        estimates: As ``scores.tabulate_estimates`` returns them.
        peer: As ``load_peer_predictions`` returns it.

    Returns:
        Index model, the peer last; columns n_row (over all splits and seeds), n_material, mean_abs_ln_ratio and
        spearman (of the median), mape. No rows where the peer predicts none of the materials.
    """
    shared = estimates[estimates[MATERIAL_ID].isin(peer.index)]
    if shared.empty:
        return pd.DataFrame(columns=[_N_ROW, _N_MATERIAL, LN_RATIO, _MAPE, _SPEARMAN]).rename_axis(MODEL)
    of_peer = shared.drop_duplicates([MATERIAL_ID])
    predicted = of_peer[MATERIAL_ID].map(peer)
    beside = of_peer.assign(**{MODEL: PEER}, **dict.fromkeys((PREDICTED_KAPPA, PREDICTED_MEDIAN_KAPPA), predicted))
    lines = {str(model): _measure(rows) for model, rows in pd.concat([shared, beside]).groupby(MODEL, sort=False)}
    return pd.DataFrame.from_dict(lines, orient="index").astype({_N_ROW: int, _N_MATERIAL: int}).rename_axis(MODEL)


def _measure(rows: pd.DataFrame) -> dict[str, float]:
    known, median = (rows[name].to_numpy(np.float64) for name in (KAPPA, PREDICTED_MEDIAN_KAPPA))
    return {
        _N_ROW: len(rows),
        _N_MATERIAL: rows[MATERIAL_ID].nunique(),
        LN_RATIO: float(np.mean(np.abs(np.log(median / known)))),
        _MAPE: float(np.mean(np.abs(rows[PREDICTED_KAPPA].to_numpy(np.float64) / known - 1.0))),
        _SPEARMAN: compute_spearman(known, median),
    }
