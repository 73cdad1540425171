"""Arrays one behind the other in one buffer, each found by what a JSON file says of it."""

import hashlib
from typing import Any

import numpy as np

_TYPES = {
    **{"float32": "f32", "float16": "f16", "uint8": "u8", "uint16": "u16"},
    **{"int8": "i8", "int16": "i16", "int32": "i32"},
}
_ALIGNMENT = 4


class Blobs:
    """Arrays in one buffer, little endian, each beginning at a multiple of 4; equal ones are there once.

    Example:
        >>> blobs = Blobs()
        >>> blobs.add(np.array([[1, 2]], np.uint8))
        {'offset': 0, 'type': 'u8', 'shape': [1, 2]}
        >>> blobs.add(np.zeros(3, np.float16)), blobs.add(np.array([[1, 2]], np.uint8))["offset"]
        ({'offset': 4, 'type': 'f16', 'shape': [3]}, 0)
        >>> len(blobs.bytes())
        12
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._places: dict[bytes, int] = {}

    def add(self, array: np.ndarray) -> dict[str, Any]:
        """Put an array into the buffer; give where it lies: its offset in bytes, its type and its shape."""
        kind = _TYPES[array.dtype.name]
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        key = hashlib.sha256(kind.encode() + data).digest()
        if key not in self._places:
            self._places[key] = self._size
            self._parts.append(data + bytes(-len(data) % _ALIGNMENT))
            self._size += len(self._parts[-1])
        return {"offset": self._places[key], "type": kind, "shape": list(array.shape)}

    def bytes(self) -> bytes:
        """The buffer."""
        return b"".join(self._parts)
