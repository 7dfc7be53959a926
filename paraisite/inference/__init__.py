"""Predictions for crystals: kappa with intervals, the applicability domain and the nearest training materials."""
