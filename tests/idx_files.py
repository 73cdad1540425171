"""idx files for the tests."""

import gzip
import struct

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def write_idx(path, array):
    """Write an array as an idx file; gzipped where the name ends in `.gz`."""
    dtype = array.dtype.newbyteorder(">")
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[dtype.str[1:]], array.ndim, *array.shape)
    data = header + array.astype(dtype).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
