"""How what models say of crystals goes with what the crystals are: the statistics of the paper's section 3.2."""
