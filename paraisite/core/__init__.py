"""Tools of every layer that have nothing to do with crystals: paths, whole files, workers, progress, logging."""
