"""What a run holds, in sentences that head its page from its first second on; results, or why it failed, come later."""

from typing import Final

from mlflow.exceptions import MlflowException

from paraisite.core.secrets import hide_secrets
from paraisite.core.shown_text import escape_markdown
from paraisite.core.system_errors import describe_system_error
from paraisite.errors import ParaisiteError
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
| …AF…, …LAB…, …KAPPA… | then trained on AFLOW's AGL conductivities, our approximate ones, ours under a potential |
| …TG15, …HH143, …MIX, …PHONIX | ends on accurate conductivities: Togo15, half-Heuslers, both, Phonix |
| GP… | Gaussian processes instead of networks; GPACCURATE, on all accurate rows and our own labels, is the default |

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

_LONGEST_REASON: Final = 400
"""Letters of a message that a page shows; the terminal had all of it."""


def describe_run(name: str) -> str:
    """Return what a run holds, by its name: a verb and what it was given, or a model."""
    first_word = name.partition(" ")[0]
    return _OF_ANALYSES.get(first_word) or describe_model(first_word)


def add_ending(description: str | None, ending: str) -> str:
    """Return a run's description with why it ended behind it: its page would have a status alone."""
    return "\n\n".join(filter(None, (description, ending)))


def describe_failure(error: BaseException) -> str:
    """Return why a run failed: the message of an error that users meet, else the error's type and message."""
    if isinstance(error, KeyboardInterrupt):
        return "**Interrupted** from the keyboard."
    if isinstance(error, MlflowException):
        return "**Failed:** the experiment store did not take what was to be logged."
    message = (isinstance(error, OSError) and describe_system_error(error)) or " ".join(str(error).split())
    known = isinstance(error, ParaisiteError | OSError) and message
    reason = hide_secrets(message if known else f"{type(error).__name__}: {message}".removesuffix(": "))
    shown = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} …"
    return f"**Failed:** {escape_markdown(shown)}"
