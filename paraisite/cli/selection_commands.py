"""Verbs that choose from a screening, and prepare and check what was chosen."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from paraisite import DEFAULT_MODEL
from paraisite.cli.options import ACQUISITIONS, CALCULATORS, elements_of, named_value, one_of, percentage


def select(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Of a screening. [default: the last one]")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="What was screened, as `screen` takes it. [default: by FOLDER's name]"),
    ] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, metavar="N", help="How many to list.")] = 20,
    confidence: Annotated[
        float,
        typer.Option(
            parser=percentage((50, 80, 90)), metavar="50|80|90", help="Of the interval whose upper end ranks, per cent."
        ),
    ] = "80",  # type: ignore[assignment]  # parsed as what a user types
    with_elements: Annotated[
        str, typer.Option(parser=elements_of, metavar="A,B", help="Elements that each candidate holds.")
    ] = "",
    without_elements: Annotated[
        str, typer.Option(parser=elements_of, metavar="A,B", help="Elements that none holds.")
    ] = "",
    elements_file: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Values of elements: a column `element` and any others, as price or toxicity. Of each of these, say "
            "price, a candidate gets price_highest, the highest of its elements, and price_by_mass, their mean by mass "
            "(per kg of the whole), for --at-most and --at-least. Where an element has no value, it gets none, and a "
            "bound refuses it.",
        ),
    ] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE", help="Bound on a column of the screening, its source, or --elements-file."
        ),
    ] = None,
    at_most: Annotated[list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="The same from above.")] = None,
    stable: Annotated[
        float | None, typer.Option(min=0.0, metavar="EV", help="Energy above the hull at most, eV/atom; 0 for on it.")
    ] = None,
    min_gap: Annotated[float | None, typer.Option(min=0.0, metavar="EV", help="Band gap at least, eV.")] = None,
    in_domain: Annotated[
        bool, typer.Option("--in-domain/--any", help="Leave out what the model does not know.")
    ] = True,
    per_formula: Annotated[int, typer.Option(min=1, metavar="N", help="Polymorphs of a formula at most.")] = 1,
    per_nearest: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Candidates at most near the same training material.")
    ] = None,
    min_distance: Annotated[
        float,
        typer.Option(
            min=0.0, metavar="D", help="To better candidates, in standard deviations of descriptors, at least."
        ),
    ] = 0.5,
    following: Annotated[
        int, typer.Option("--next", min=0, metavar="N", help="Name also N materials to compute next.")
    ] = 0,
    by: Annotated[
        str,
        typer.Option(parser=one_of(ACQUISITIONS), metavar="|".join(ACQUISITIONS), help="How --next chooses."),
    ] = ACQUISITIONS[0],
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of --by random.")] = 0,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="[default: build/candidates]")] = None,
) -> None:
    """List what a screening says is low for certain: ranked by the upper end of the interval, filtered, diverse."""
    from paraisite.active_learning.criteria import Criteria
    from paraisite.active_learning.diversity import Diversity
    from paraisite.active_learning.element_values import ElementValues
    from paraisite.active_learning.filters import BAND_GAP, Bound, Filters
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
    starts: Annotated[int, typer.Option(min=2, metavar="N", help="Random starts.")] = 20,
    first: Annotated[int, typer.Option(min=4, metavar="N", help="Labels that are known at first.")] = 10,
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Labels that are added at a time.")] = 3,
    labels: Annotated[int, typer.Option(min=5, metavar="N", help="Labels at the end.")] = 55,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Replays side by side. [default: all cores]")
    ] = os.cpu_count() or 1,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="[default: build/candidates]")] = None,
) -> None:
    """Replay on Togo15 which material to compute next: by expected improvement, uncertainty, mean, or at random."""
    from paraisite.active_learning.replay import ReplayOptions
    from paraisite.workflows import replay

    options = ReplayOptions(n_start=starts, n_first=first, batch=batch, n_label=labels)
    replay.replay_selection(options, n_process=processes, output=output)


def verify(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE",
            help="Of a list of candidates, a screening or Togo15 (its formula as well); or a crystal.",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="FOLDER", help="Where the id is looked for. [default: build/candidates]"),
    ] = None,
    calculator: Annotated[
        str,
        typer.Option(parser=one_of(tuple(CALCULATORS)), metavar="|".join(CALCULATORS), help="Whose inputs to write."),
    ] = "both",
    nac: Annotated[
        bool, typer.Option(help="With inputs for Born charges: the correction that polar crystals need.")
    ] = True,
    pair_cutoff: Annotated[
        float | None,
        typer.Option(min=1.0, metavar="Å", help="Pairs of displaced atoms are nearer. [default: all pairs]"),
    ] = None,
    potential: Annotated[
        bool | None,
        typer.Option(
            "--potential/--no-potential", help="Ask the lab's potential as well: minutes. [default: if installed]"
        ),
    ] = None,
    keep_cell: Annotated[
        bool, typer.Option("--keep-cell", help="Ask the potential at this cell, not at its own relaxed one.")
    ] = False,
    model: Annotated[str, typer.Option(metavar="MODEL", help="What predicts, as `predict` takes it.")] = DEFAULT_MODEL,
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="[default: build/verify/ID]")] = None,
) -> None:
    """Prepare a crystal's conductivity for VASP and Quantum ESPRESSO, and ask a potential for a first answer.

    Displacements are phono3py's, settings those of Togo15 where they are known; README.txt names all of them.
    """
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
