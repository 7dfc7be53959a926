"""How a study is done, as the command line asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchOptions:
    """How a study is done.

    Attributes:
        protocol: How the rows are split; one of ``evaluation.protocols``.
        n_trial: Trials that the study is to have in all.
        epochs: Of every trial; None for those of ``evaluation.training``.
        sampler: ``tpe`` or ``qmc``.
        pruning: Whether trials that fall behind are stopped.
        n_process: Trials side by side.
        storage: SQLAlchemy's URL of a database; None for a journal in the study's folder.
        study: Its name; None for one that names the options.
        apply: Whether the best settings go into ``params.yaml``.
    """

    protocol: str
    n_trial: int
    n_process: int
    epochs: int | None = None
    sampler: str = "tpe"
    pruning: bool = True
    storage: str | None = None
    study: str | None = None
    apply: bool = False
