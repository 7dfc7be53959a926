"""The backbones as data: networks that were pretrained on other properties than the conductivity.

The published models for the moduli were trained with one pass of Set2Set where the others have three. Their weights
have the same shapes, and all backbones are read into the same network, so that nothing but the weights differs.

Source of the published ones: Chen et al., Chem. Mater. 2019, 10.1021/acs.chemmater.9b01294.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from paraisite.training.recipes import LFE, InitialWeights


class Origin(Enum):
    """Who trained a backbone."""

    RANDOM = "none"
    PUBLISHED = "MEGNet"
    LAB = "lab"


@dataclass(frozen=True)
class Backbone:
    """Initial weights of everything below the head.

    Attributes:
        name: Of the registered model.
        target_property: What it was trained to predict, for people.
        origin: Who trained it.
        source: The published file, or the variant of pretraining, without folder and ending; empty for random weights.
    """

    name: str
    target_property: str
    origin: Origin
    source: str = ""

    @property
    def label(self) -> str:
        """Name in tables, figures and runs."""
        return self.target_property if self.origin is Origin.RANDOM else f"{self.target_property} ({self.origin.value})"


BACKBONES: Final[dict[InitialWeights, Backbone]] = {
    InitialWeights.RANDOM: Backbone("RW", "random weights", Origin.RANDOM),
    InitialWeights.FORMATION_ENERGY: Backbone("FE", "formation energy", Origin.PUBLISHED, "formation_energy"),
    InitialWeights.BAND_GAP: Backbone("BG", "band gap", Origin.PUBLISHED, "band_gap_regression"),
    InitialWeights.BULK_MODULUS: Backbone("K", "bulk modulus", Origin.PUBLISHED, "log10K"),
    InitialWeights.SHEAR_MODULUS: Backbone("G", "shear modulus", Origin.PUBLISHED, "log10G"),
    InitialWeights.LAB_FORMATION_ENERGY: Backbone(LFE, "formation energy", Origin.LAB, "formation_energy"),
    InitialWeights.LAB_BULK_MODULUS: Backbone("LK", "bulk modulus", Origin.LAB, "log_bulk"),
    InitialWeights.LAB_SHEAR_MODULUS: Backbone("LG", "shear modulus", Origin.LAB, "log_shear"),
    InitialWeights.LAB_ALL: Backbone("LALL", "all three", Origin.LAB, "all"),
}
"""Every start that no recipe has trained; the lab's "all three" are its formation energies and both moduli."""
