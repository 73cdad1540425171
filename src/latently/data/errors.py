"""What went wrong with the data, in one sentence."""


class DataError(ValueError):
    """Data that cannot be used as given: one sentence on what was found and on the way out.

    Example:
        >>> raise DataError("faces.npy holds no rows; give a file with at least one.")
        Traceback (most recent call last):
        ...
        latently.data.errors.DataError: faces.npy holds no rows; give a file with at least one.
    """
