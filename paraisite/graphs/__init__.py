"""Crystal graphs: bonds within the cutoff, the exact quotient, packing and cache."""
