"""From rows of a screening to a short list: filters, a ranking, diversity; and which material to label next."""
