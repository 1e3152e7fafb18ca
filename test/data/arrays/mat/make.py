"""Writes the MAT-files of this folder with SciPy: python make.py FOLDER. For development only."""

import sys
import numpy
from scipy.io import savemat

x = numpy.arange(2 * 3 * 3 * 4, dtype=numpy.uint8).reshape(2, 3, 3, 4)
arrays = {
    "X": x,
    "y": numpy.array([[10.0], [1.0], [2.0], [3.0]]),
    "values": numpy.array([[-1.5, 2.25e300]]),
    "text": "not numbers",
    "imaginary": numpy.array([[1 + 2j]]),
    "integers": numpy.array([[-70000, 3]], dtype=numpy.int32),
}
for name, compressed in (("plain", False), ("compressed", True)):
    savemat(f"{sys.argv[1]}/{name}.mat", arrays, do_compression=compressed)
