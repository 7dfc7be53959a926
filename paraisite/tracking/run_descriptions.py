"""What a run holds, in a sentence or two that head its page from its first second on; results replace them later."""

from typing import Final

from paraisite.training.model_descriptions import describe_model

EXPERIMENT: Final = """\
**Lattice thermal conductivity (kappa, W/m/K at 300 K) of crystals, predicted from their structures.** One run is one
model that was trained, or one analysis; the nested runs of a model are its splits.

Read `mape_last_epoch` (networks) or `mape_test` (everything else) first: mean abs(error)/kappa on rows that a model was
neither trained nor chosen on. `mape_best_epoch` is the published protocol, whose epoch is chosen on the reported rows.
To compare the splits of a model, open its nested runs, tick them and press Compare.

| name | stands for |
| --- | --- |
| RW…, FE…, LFE… | starts from random weights, MEGNet's published formation energies, the project's own |
| …AF…, …LAB…, …BTE… | then trained on AFLOW's AGL conductivities, our approximate ones, ours under a potential |
| …TG15, …HH143, …MIX, …PHONIX | ends on accurate conductivities: Togo15, half-Heuslers, both, Phonix |
| GP… | Gaussian processes instead of networks; GPACCURATE, on all accurate rows, is the default model |

So FEAFTG15, the paper's model, starts from MEGNet's formation energies and is trained on AFLOW, then on Togo15.
"""
"""Head of the experiment's page, where all runs are listed."""

_OF_ANALYSES: Final = {
    "backbones": "Initial weights side by side: each with the same head and splits, measured on held-out rows.",
    "candidates": "Crystals of a screening whose conductivity is low with high confidence, and what to compute next.",
    "cross-validate": "Errors of the default model on formulas, space groups and structure types that it has not seen.",
    "evaluate": "Errors of networks, baselines and Gaussian processes on held-out rows; a nested run is one model.",
    "overlap": "Formulas and structures that training and test sets share, and the errors on such rows.",
    "pretrain": "A network trained on formation energies or moduli, for networks for kappa to start from.",
    "replay": "Strategies of active learning, replayed on known conductivities.",
    "report": "All results as one HTML page: open report.html among the artifacts.",
    "statistics": "Correlations of predictions, and of their variance over the members, with descriptors.",
    "transfer": "How many labels each start needs: errors by the number of rows that a network is trained on.",
    "tune": "A search for settings on inner folds alone; a nested run is one trial.",
    "verify": "Inputs and checks for ab initio calculations of one crystal.",
}


def describe_run(name: str) -> str:
    """Return what a run holds, by its name: a verb and what it was given, or a model."""
    first_word = name.partition(" ")[0]
    return _OF_ANALYSES.get(first_word) or describe_model(first_word)
