"""The applicability domain of a model: distances to its training set, and elements that no material of it holds."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats, Ints
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.models.applicability import Neighbourhood, is_flagged
from paraisite.models.nearest_rows import NearestRows

N_NEAREST: Final = 3


class Applicability(NamedTuple):
    """Whether crystals lie in a model's applicability domain.

    Attributes:
        out_of_domain: Share of held-out rows that lie closer to a member's training rows than a crystal does, [n_row],
            0 to 1; NaN where no row was held out. Of a model that predicts its rows without their formulas: the share
            of rows that it is surer of than of the crystal.
        unseen: Which elements of a crystal are in no material of the training set, bool [n_row, n_element].
        flagged: Whether it is outside: too far, or with such an element, bool [n_row].
        nearest: Rows of the nearest materials of the training set, the nearest first, int64 [n_row, n_nearest].
        distance: Their distances, in standard deviations of the embeddings, root mean square over the members, same
            shape.
    """

    out_of_domain: Floats
    unseen: npt.NDArray[np.bool_]
    flagged: npt.NDArray[np.bool_]
    nearest: npt.NDArray[np.int64]
    distance: Floats


@dataclass(frozen=True, eq=False)
class ApplicabilityDomain:
    """The region of crystals that a model was trained on.

    Attributes:
        known: Each member's training rows in its embedding, [n_member].
        held_out: Of each member the distances of the rows that it was not trained on, ascending; without those that
            were selected by their label.
        seen: Elements of the training set, bool [n_element].
        materials: All members' embeddings of the materials side by side, standardised; of a process its places.
        held_out_std: Where every row was predicted without its formula: the standard deviations of those predictions,
            dex, ascending, which new ones are then compared with instead of distances; else None.
    """

    known: tuple[Neighbourhood, ...]
    held_out: tuple[Floats, ...]
    seen: npt.NDArray[np.bool_]
    materials: NearestRows
    held_out_std: Floats | None = None

    @classmethod
    def fit(cls, calibration_set: CalibrationSet) -> "ApplicabilityDomain":
        """Return the domain of the calibration set's model."""
        if calibration_set.is_left_out and calibration_set.std_dex is not None:
            return cls._of_left_out(calibration_set, calibration_set.std_dex[0])
        members = list(zip(calibration_set.embedding, calibration_set.trained, strict=True))
        known = tuple(Neighbourhood.fit(embedding[trained]) for embedding, trained in members)
        only = calibration_set.materials.trains_only
        compared = [~trained if only is None else ~trained & ~only for _, trained in members]
        held_out = tuple(
            np.sort(of_member.measure_distances(embedding[rows])) if rows.any() else np.zeros(0)
            for of_member, (embedding, _), rows in zip(known, members, compared, strict=True)
        )
        materials = NearestRows(_side_by_side(known, calibration_set.embedding))
        return cls(known, held_out, np.asarray(calibration_set.elements.any(axis=0)), materials)

    @classmethod
    def _of_left_out(cls, calibration_set: CalibrationSet, std_dex: Floats) -> "ApplicabilityDomain":
        embedding, only = calibration_set.embedding[0].astype(np.float64), calibration_set.materials.trains_only
        compared = std_dex if only is None else std_dex[~only]
        seen = np.asarray(calibration_set.elements.any(axis=0))
        return cls((), (), seen, NearestRows(embedding), np.sort(compared))

    def assess(
        self,
        embedding: Floats,
        elements: npt.NDArray[np.bool_],
        std_dex: Floats | None = None,
        nearest: Ints | None = None,
    ) -> Applicability:
        """Return whether crystals lie in the domain.

        Args:
            embedding: Every member's, [n_member, n_row, n_feature], finite.
            elements: Which elements they hold, [n_row, n_element].
            std_dex: Standard deviations of the members' predictions, dex, [n_member, n_row], where they have some.
            nearest: As ``inference.model.ModelOutput`` has it; by default they are looked for.
        """
        unseen, n_nearest = elements & ~self.seen, min(N_NEAREST, len(self.materials.rows))
        if not len(elements):
            none = np.zeros((0, n_nearest))
            return Applicability(np.zeros(0), unseen, np.zeros(0, np.bool_), none.astype(np.int64), none)
        if self.held_out_std is not None and std_dex is not None:
            score = np.searchsorted(self.held_out_std, std_dex[0]) / (len(self.held_out_std) + 1)
            if nearest is None:
                nearest = self.materials.find(embedding[0], n_nearest)
            distance, nearest = self.materials.sort(embedding[0], nearest[:, :n_nearest])
        else:
            score = self._out_of_domain(embedding)
            distance, nearest = self.materials.find_sorted(_side_by_side(self.known, embedding), n_nearest)
        return Applicability(score, unseen, is_flagged(score, unseen.sum(axis=1)), nearest, distance)

    def _out_of_domain(self, embedding: Floats) -> Floats:
        """Return the score that ``models.applicability`` gives, with each member in a fold's place."""
        n_held_out = sum(map(len, self.held_out))
        if n_held_out == 0:
            return np.full(embedding.shape[1], np.nan)
        n_closer = np.zeros(embedding.shape[1])
        for of_member, known, held_out in zip(embedding, self.known, self.held_out, strict=True):
            n_closer += np.searchsorted(held_out, known.measure_distances(of_member))
        return n_closer / (n_held_out + 1)


def _side_by_side(known: tuple[Neighbourhood, ...], embedding: Floats | npt.NDArray[np.float32]) -> Floats:
    """Return all members' standardised embeddings, scaled so that a distance is the members' root mean square."""
    of_members = [of_member.standardise(values) for of_member, values in zip(known, embedding, strict=True)]
    joined: Floats = np.concatenate(of_members, axis=1).astype(np.float64) / np.sqrt(len(of_members))
    return joined
