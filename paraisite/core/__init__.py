"""What every layer uses and none of it knows crystals: paths, whole files, worker processes, progress."""
