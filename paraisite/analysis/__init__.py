"""Correlations of models' predictions with properties of the crystals: the statistics of the paper's section 3.2."""
