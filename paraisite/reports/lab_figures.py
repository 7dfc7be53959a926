"""Figures of the project's own labels: prototypes, conductivities, formation energies, checks.

Each function takes tables or values and returns a Matplotlib ``Figure`` that belongs to no window.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paraisite import schema
from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.metrics.agreement import Agreement, measure_agreement, measure_energy_agreement
from paraisite.reports.axes import new_figure, parity_axes, plain_frame, plain_numbers

_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00")
"""Of Okabe and Ito, which colour-blind readers tell apart."""

_REJECTED_COLOUR: Final = "#c9d0d8"

_BINS_PER_DECADE: Final = 5
_ENERGY_BIN_EV: Final = 0.1
_ROUND_STEPS: Final = (1, 2, 5, 10)


def prototype_counts(slack: pd.DataFrame) -> Figure:
    """Draw how many candidates of each prototype were accepted and rejected.

    Args:
        slack: Tier ``slack``, with prototype and reason.
    """
    counts = _accepted_and_rejected(slack).sort_values(["accepted", "rejected"])
    figure = Figure(figsize=(7.5, 1.3 + 0.2 * len(counts)), layout="constrained")
    axes = figure.subplots()
    _count_bars(axes, counts)
    plain_frame(axes)
    axes.tick_params(axis="y", labelsize=8.5, length=0)
    axes.set_yticks(range(len(counts)), counts.index)
    axes.set_ylim(-0.7, len(counts) - 0.3)
    axes.set_xlabel("candidates")
    n_accepted, n_rejected = counts.sum()
    axes.set_title(f"tier slack: {n_accepted:,} accepted, {n_rejected:,} rejected", fontsize=11)
    figure.legend(*axes.get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")
    return figure


def kappa_histogram(kappas_w_per_m_k: Mapping[str, npt.ArrayLike]) -> Figure:
    """Draw histograms of log10 kappa over each other, each of area 1, for comparison.

    Args:
        kappas_w_per_m_k: Values by the name of the data set, W/m/K; NaN (rejected) is left out.

    Raises:
        DataError: A data set has no value, or one that is not positive.
    """
    logs = {name: _logarithms(name, values) for name, values in kappas_w_per_m_k.items()}
    together = np.concatenate(list(logs.values())) * _BINS_PER_DECADE
    steps = np.arange(np.floor(together.min()), np.floor(together.max()) + 2)
    edges = steps / _BINS_PER_DECADE
    figure, axes = new_figure(6.4, 4.6)
    for (name, values), colour in zip(logs.items(), _cycle(len(logs)), strict=True):
        density, _ = np.histogram(values, edges, density=True)
        label = f"{name}: {len(values):,} crystals, median {10 ** np.median(values):.2g} W/m/K"
        axes.stairs(density, 10**edges, color=colour, alpha=0.15, fill=True)
        axes.stairs(density, 10**edges, color=colour, linewidth=2, label=label)
        axes.axvline(10 ** np.median(values), color=colour, linewidth=1.2, linestyle="--")
    axes.set_xscale("log")
    plain_numbers(axes.xaxis)
    axes.set_xlabel(schema.KAPPA_LABEL)
    axes.set_ylabel("share of crystals per decade")
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=10)
    return figure


def formation_energy_histogram(slack: pd.DataFrame) -> Figure:
    """Draw the formation energies of tier ``slack``, accepted and rejected structures.

    Args:
        slack: Table with reason and formation_energy_ev_per_atom; rows without energy are left out.

    Raises:
        DataError: No row has an energy.
    """
    energies = slack[schema.FORMATION_ENERGY.column]
    if energies.isna().all():
        raise DataError("no row has a formation energy")
    steps = np.arange(np.floor(energies.min() / _ENERGY_BIN_EV), np.floor(energies.max() / _ENERGY_BIN_EV) + 2)
    edges = steps * _ENERGY_BIN_EV
    figure, axes = new_figure(7.5, 4.8)
    accepted = _is_accepted(slack)
    for label, rows, colour in (("rejected", ~accepted, "#7d8894"), ("accepted", accepted, _COLOURS[0])):
        values = energies[rows].dropna()
        counts, _ = np.histogram(values, edges)
        share = f", {np.mean(values < 0):.0%} below zero" if len(values) else ""
        axes.stairs(counts, edges, color=colour, alpha=0.2, fill=True)
        axes.stairs(counts, edges, color=colour, linewidth=2, label=f"{label}: {len(values):,}{share}")
    axes.axvline(0, color="#555555", linewidth=1)
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True, steps=_ROUND_STEPS))
    axes.set_xlabel("formation energy from the elements, same potential (eV/atom)")
    axes.set_ylabel(f"structures per {_ENERGY_BIN_EV:g} eV/atom")
    axes.legend(frameon=False, reverse=True)
    return figure


def parity(known: npt.ArrayLike, computed: npt.ArrayLike, title: str) -> Figure:
    """Draw computed against known kappa of the same crystals, with the factor-2 band.

    Args:
        known: W/m/K, [n].
        computed: W/m/K, [n].
        title: What is compared; a line with the agreement follows it.

    Raises:
        DataError: As ``agreement``.
    """
    agreement = measure_agreement(known, computed)
    known, computed = np.asarray(known, dtype=np.float64), np.asarray(computed, dtype=np.float64)
    figure, axes = new_figure(6.0, 6.0)
    parity_axes(axes, np.stack([known, computed]))
    axes.plot(known, computed, "o", color=_COLOURS[0], markersize=5, alpha=0.6, markeredgewidth=0)
    axes.set_xlabel(f"known {schema.KAPPA_LABEL}")
    axes.set_ylabel("computed (W/m/K)")
    axes.set_title(f"{title}\n{_in_words(agreement)}", fontsize=11)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def energy_parity(expected: npt.ArrayLike, predicted: npt.ArrayLike, title: str) -> Figure:
    """Draw formation energies of the same crystals from the project's network against those from MEGNet's.

    Args:
        expected: MEGNet's, eV/atom, [n].
        predicted: The project's, eV/atom, [n].
        title: Of which crystals; a line with the agreement follows it.

    Raises:
        DataError: As ``measure_energy_agreement``.
    """
    agreed = measure_energy_agreement(expected, predicted)
    figure, axes = new_figure(6.0, 6.0)
    values = np.stack([np.asarray(expected, dtype=np.float64), np.asarray(predicted, dtype=np.float64)])
    limits = values.min() - 0.1, values.max() + 0.1
    axes.plot(limits, limits, color="#555555", linewidth=1.0)
    axes.plot(*values, "o", color=_COLOURS[0], markersize=3, alpha=0.4, markeredgewidth=0)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.set_xlabel("formation energy, MEGNet-MP-2018.6.1 (eV/atom)")
    axes.set_ylabel("formation energy, LFE (eV/atom)")
    axes.set_title(
        f"{title}\n{agreed.n:,} crystals, mean |difference| {agreed.mae:.3f} eV/atom, Spearman {agreed.spearman:.2f}",
        fontsize=11,
    )
    return figure


def _in_words(agreement: Agreement) -> str:
    return (
        f"{agreement.n:,} crystals, Spearman {agreement.spearman:.2f} "
        f"({agreement.spearman_low:.2f} to {agreement.spearman_high:.2f})\n"
        f"computed/known {10**agreement.mean_log10_ratio:.2f} (geometric mean), "
        f"{agreement.within_factor_2:.0%} within a factor of 2"
    )


def _is_accepted(table: pd.DataFrame) -> pd.Series:
    return table[schema.REASON] == ""


def _accepted_and_rejected(table: pd.DataFrame) -> pd.DataFrame:
    """Return both numbers for each prototype (index)."""
    accepted = _is_accepted(table)
    by_name = pd.DataFrame({"accepted": accepted, "rejected": ~accepted}).groupby(table[schema.PROTOTYPE])
    return by_name.sum()


def _count_bars(axes: Axes, counts: pd.DataFrame) -> None:
    places = np.arange(len(counts))
    axes.barh(places, counts["accepted"], color=_COLOURS[0], label="accepted")
    axes.barh(places, counts["rejected"], left=counts["accepted"], color=_REJECTED_COLOUR, label="rejected")
    for place, (accepted, rejected) in enumerate(counts.to_numpy().tolist()):
        if accepted + rejected:
            text = f" {accepted} of {accepted + rejected}"
            axes.text(accepted + rejected, place, text, va="center", fontsize=7.5, color="#555555")
    axes.set_xlim(0, 1.3 * max(1, counts.sum(axis=1).max()))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=_ROUND_STEPS))


def _logarithms(name: str, values: npt.ArrayLike) -> Floats:
    kappas = np.asarray(values, dtype=np.float64)
    kappas = kappas[~np.isnan(kappas)]
    if not len(kappas) or not np.all(kappas > 0):
        raise DataError(f"{name}: expected conductivities above 0 W/m/K, found {kappas.tolist()[:3]}")
    return np.asarray(np.log10(kappas))


def _cycle(n: int) -> list[str]:
    return [_COLOURS[i % len(_COLOURS)] for i in range(n)]
