"""How well an ensemble knows crystals of a kind: how far from those that taught it, elements that none of them has."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from paraisite.arrays import Floats
from paraisite.inference.calibration_set import Reference
from paraisite.models.applicability import Neighbourhood, is_flagged

N_NEAREST: Final = 3


class Familiarity(NamedTuple):
    """How foreign crystals are to an ensemble.

    Attributes:
        out_of_domain: Share of held-out rows that lie closer to what taught a member than a crystal does, [n_row], 0 to
            1; NaN where no row was held out.
        unseen: Which elements of a crystal are in no material that taught, bool [n_row, n_element].
        flagged: Whether it is too far or has such an element, bool [n_row].
        nearest: Rows of the nearest materials that taught, the nearest first, int64 [n_row, n_nearest].
        distance: Their distances, in standard deviations of the hidden layers, root mean square over the members, same
            shape.
    """

    out_of_domain: Floats
    unseen: npt.NDArray[np.bool_]
    flagged: npt.NDArray[np.bool_]
    nearest: npt.NDArray[np.int64]
    distance: Floats


@dataclass(frozen=True, eq=False)
class Domain:
    """What an ensemble knows.

    Attributes:
        known: What taught each member, as it sees it, [n_member].
        held_out: Of each member the distances of the rows that it has not learnt from, ascending.
        seen: Elements of what taught, bool [n_element].
        materials: All members' views of the materials side by side, standardised.
    """

    known: tuple[Neighbourhood, ...]
    held_out: tuple[Floats, ...]
    seen: npt.NDArray[np.bool_]
    materials: NearestNeighbors

    @classmethod
    def of(cls, reference: Reference) -> "Domain":
        """Return what the reference's ensemble knows."""
        members = list(zip(reference.hidden, reference.trained, strict=True))
        known = tuple(Neighbourhood.of(hidden[trained]) for hidden, trained in members)
        held_out = tuple(
            np.sort(of_member.distances(hidden[~trained])) if not trained.all() else np.zeros(0)
            for of_member, (hidden, trained) in zip(known, members, strict=True)
        )
        materials = NearestNeighbors(n_neighbors=min(N_NEAREST, len(reference.elements)))
        materials.fit(_side_by_side(known, reference.hidden))
        return cls(known, held_out, np.asarray(reference.elements.any(axis=0)), materials)

    def judge(self, hidden: Floats, elements: npt.NDArray[np.bool_]) -> Familiarity:
        """Return how foreign crystals are.

        Args:
            hidden: Every member's last hidden layer, [n_member, n_row, n_hidden], finite.
            elements: Which elements they hold, [n_row, n_element].
        """
        unseen = elements & ~self.seen
        if not len(elements):
            none = np.zeros((0, self.materials.n_neighbors))
            return Familiarity(np.zeros(0), unseen, np.zeros(0, np.bool_), none.astype(np.int64), none)
        score = self._out_of_domain(hidden)
        distance, nearest = self.materials.kneighbors(_side_by_side(self.known, hidden))
        return Familiarity(score, unseen, is_flagged(score, unseen.sum(axis=1)), nearest.astype(np.int64), distance)

    def _out_of_domain(self, hidden: Floats) -> Floats:
        """Return the score that ``models.applicability`` gives, with each member in a fold's place."""
        n_held_out = sum(map(len, self.held_out))
        if n_held_out == 0:
            return np.full(hidden.shape[1], np.nan)
        n_closer = np.zeros(hidden.shape[1])
        for of_member, known, held_out in zip(hidden, self.known, self.held_out, strict=True):
            n_closer += np.searchsorted(held_out, known.distances(of_member))
        return n_closer / (n_held_out + 1)


def _side_by_side(known: tuple[Neighbourhood, ...], hidden: Floats | npt.NDArray[np.float32]) -> Floats:
    """Return all members' standardised views of each row, scaled so that a distance is their root mean square."""
    views = [of_member.standardised(values) for of_member, values in zip(known, hidden, strict=True)]
    joined: Floats = np.concatenate(views, axis=1) / np.sqrt(len(views))
    return joined
