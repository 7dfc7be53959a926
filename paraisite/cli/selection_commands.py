"""Verbs that select candidates from a screening, and verify them."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from paraisite import DEFAULT_MODEL
from paraisite.cli.options import ACQUISITIONS, CALCULATORS, elements_of, named_value, one_of, percentage
from paraisite.core.progress import show_work


def select(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Folder of a screening. [default: the last one]")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE", help="Structures that were screened, as for `screen`. [default: by FOLDER's name]"
        ),
    ] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, metavar="N", help="Number of candidates.")] = 20,
    confidence: Annotated[
        float,
        typer.Option(
            parser=percentage((50, 80, 90)),
            metavar="50|80|90",
            help="Coverage, in per cent, of the interval whose upper end ranks.",
        ),
    ] = "80",  # type: ignore[assignment]  # parsed as what a user types
    with_elements: Annotated[
        str, typer.Option(parser=elements_of, metavar="A,B", help="Elements that every candidate contains.")
    ] = "",
    without_elements: Annotated[
        str, typer.Option(parser=elements_of, metavar="A,B", help="Elements that no candidate contains.")
    ] = "",
    elements_file: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Values of elements, such as price or toxicity: a column `element` and one per property. For a column "
            "price, --at-most and --at-least take price_highest, the maximum over a candidate's elements, and "
            "price_by_mass, their mean weighted by mass (per kg of the compound). A candidate with an element without "
            "value fails the bound.",
        ),
    ] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Lower bound on a column of the screening, its source, or --elements-file; may be repeated.",
        ),
    ] = None,
    at_most: Annotated[list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="Upper bound, likewise.")] = None,
    stable: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="EV", help="Maximum energy above the convex hull, eV/atom; 0: on the hull."),
    ] = None,
    min_gap: Annotated[float | None, typer.Option(min=0.0, metavar="EV", help="Minimum band gap, eV.")] = None,
    in_domain: Annotated[
        bool, typer.Option("--in-domain/--any", help="Leave out crystals outside the applicability domain.")
    ] = True,
    per_formula: Annotated[int, typer.Option(min=1, metavar="N", help="Maximum number of polymorphs per formula.")] = 1,
    per_nearest: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Maximum number of candidates with the same nearest training material."),
    ] = None,
    min_distance: Annotated[
        float,
        typer.Option(
            min=0.0,
            metavar="D",
            help="Minimum distance to better candidates, in standard deviations of the descriptors.",
        ),
    ] = 0.5,
    following: Annotated[
        int, typer.Option("--next", min=0, metavar="N", help="Also select N materials to compute next.")
    ] = 0,
    by: Annotated[
        str,
        typer.Option(
            parser=one_of(ACQUISITIONS), metavar="|".join(ACQUISITIONS), help="Acquisition function of --next."
        ),
    ] = ACQUISITIONS[0],
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Seed of --by random.")] = 0,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the results. [default: build/candidates]")
    ] = None,
) -> None:
    """Select candidates of low kappa from a screening.

    Candidates are low with high confidence: ranked by the upper end of the prediction interval, filtered, and diverse.
    """
    from paraisite.active_learning.criteria import Criteria
    from paraisite.active_learning.diversity import Diversity
    from paraisite.active_learning.element_values import ElementValues
    from paraisite.active_learning.filters import BAND_GAP, Bound, Filters

    with show_work("Loading"):
        from paraisite.workflows import select

    bounds = [Bound(*named_value(text), side="at least") for text in at_least or ()]
    bounds += [Bound(*named_value(text), side="at most") for text in at_most or ()]
    if min_gap is not None:
        bounds.append(Bound(BAND_GAP, min_gap, side="at least"))
    filters = Filters(
        with_elements=frozenset(with_elements),
        without_elements=frozenset(without_elements),
        bounds=tuple(bounds),
        in_domain=in_domain,
        elements=ElementValues({}) if elements_file is None else ElementValues.read(elements_file),
    )
    criteria = Criteria(
        filters=filters,
        diversity=Diversity(per_formula, per_nearest, min_distance),
        n_row=number,
        coverage=confidence,
        stable_ev_per_atom=stable,
        n_next=following,
        by=by,
        seed=seed,
    )
    select.select_candidates(folder, source, criteria, output=output)


def replay(
    starts: Annotated[int, typer.Option(min=2, metavar="N", help="Replays from different random initial labels.")] = 20,
    first: Annotated[int, typer.Option(min=4, metavar="N", help="Initial labels.")] = 10,
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Labels added per step.")] = 3,
    labels: Annotated[int, typer.Option(min=5, metavar="N", help="Final number of labels.")] = 55,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Replays in parallel.", show_default="all cores")
    ] = os.cpu_count() or 1,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the results. [default: build/candidates]")
    ] = None,
) -> None:
    """Replay active learning on Togo15.

    Compares acquisition functions (expected improvement, uncertainty, mean) with a random choice.
    """
    from paraisite.active_learning.replay import ReplayOptions

    with show_work("Loading"):
        from paraisite.workflows import replay

    options = ReplayOptions(n_start=starts, n_first=first, batch=batch, n_label=labels)
    replay.replay_selection(options, n_process=processes, output=output)


def verify(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE",
            help="Id in a list of candidates, a screening or Togo15, a formula of Togo15, or a structure file.",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Candidates or screening that hold the id. [default: build/candidates]"
        ),
    ] = None,
    calculator: Annotated[
        str,
        typer.Option(
            parser=one_of(tuple(CALCULATORS)), metavar="|".join(CALCULATORS), help="Program whose inputs to write."
        ),
    ] = "both",
    nac: Annotated[
        bool, typer.Option(help="Include inputs for Born charges: the non-analytical correction of polar crystals.")
    ] = True,
    pair_cutoff: Annotated[
        float | None,
        typer.Option(min=1.0, metavar="Å", help="Cutoff distance of pairs of displaced atoms. [default: all pairs]"),
    ] = None,
    potential: Annotated[
        bool | None,
        typer.Option(
            "--potential/--no-potential",
            help="Compute the conductivity with a machine-learned potential as well, which takes minutes. "
            "[default: if installed]",
        ),
    ] = None,
    keep_cell: Annotated[
        bool, typer.Option("--keep-cell", help="Keep the cell as given instead of relaxing it under the potential.")
    ] = False,
    model: Annotated[str, typer.Option(metavar="MODEL", help="Model, as for `predict`.")] = DEFAULT_MODEL,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the inputs. [default: build/verify/ID]")
    ] = None,
) -> None:
    """Prepare a first-principles calculation of kappa.

    Writes inputs for VASP and Quantum ESPRESSO, and computes kappa with a machine-learned potential for comparison.
    Displacements are phono3py's, settings those of Togo15 where they are known; README.txt lists them.
    """
    with show_work("Loading"):
        from paraisite.workflows import verify as verification

    how = verification.VerificationOptions(
        programs=CALCULATORS[calculator],
        with_nac=nac,
        pair_cutoff_angstrom=pair_cutoff,
        with_potential=potential,
        keep_cell=keep_cell,
        model=model,
    )
    verification.verify_prediction(what, how, folder=folder, output=output)


VERBS: Final = (select, replay, verify)
