"""From rows of a screening to a short list: filters, a ranking, diversity; and which label would teach most."""
