"""Numbers for readers: three digits that mean something, and never an exponent where a plain number is as short."""


def show_number(value: float) -> str:
    """Return a number with three significant digits, e.g. 1640 and not 1.64e+03."""
    return f"{float(f'{value:.3g}'):g}"
