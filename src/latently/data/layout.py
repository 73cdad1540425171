"""What rows are, by their shape and their numbers, and how that is said."""


def in_words(row_shape: tuple[int, ...], range_: str, each: bool) -> str:
    """What rows are taken for, in words that follow their number.

    Args:
        row_shape: the shape of a row as it is stored.
        range_: where the numbers lie once they are scaled, as for `Preprocessing`.
        each: whether features, or channels, are standardised one by one.

    Example:
        >>> in_words((20, 3), "real", True), in_words((28, 28), "unit", False)
        ('series of 20 steps, 3 channels, each standardised', 'images of 28 x 28 pixels, scaled to [0, 1]')
    """
    scaled = {"unit": "scaled to [0, 1]", "symmetric": "scaled to [-1, 1]"}.get(
        range_, "each standardised" if each else "standardised together"
    )
    sizes = " x ".join(map(str, row_shape))
    if len(row_shape) == 1:
        return f"vectors of {sizes} numbers, {scaled}"
    if each and len(row_shape) == 2:
        steps, channels = row_shape
        return f"series of {steps} steps, {channels} channels, {scaled}"
    return f"arrays of {sizes} numbers, {scaled}" if range_ == "real" else f"images of {sizes} pixels, {scaled}"
