"""How numbers are written for people."""

_LARGEST = 1e15


def short_number(value: float | None, digits: int = 4) -> str:
    """A number with so many digits that count; one with more digits before the point is written out; a dash for none.

    Example:
        >>> [short_number(value) for value in (19450.31, -1234.5, 150.8123, 0.00012, 9999.7)]
        ['19,450', '-1,234', '150.8', '0.00012', '10,000']
        >>> short_number(1234.5, 3), short_number(3e20), short_number(float("nan")), short_number(None)
        ('1,234', '3e+20', 'nan', '–')
    """
    if value is None:
        return "–"
    written_out = 10**digits - 0.5 <= abs(value) < _LARGEST
    return f"{value:,.0f}" if written_out else f"{value:,.{digits}g}"
