"""Reads safetensors files with numpy: an 8-byte length, a JSON header with
type, shape and offsets, then the bytes of the tensors.

https://github.com/huggingface/safetensors#format
"""
import json
import struct

import numpy

TYPES = {"F64": numpy.float64, "F32": numpy.float32, "F16": numpy.float16,
         "I64": numpy.int64, "I32": numpy.int32}


def read(path):
    """{name: array} of all tensors, in the order of the file's header."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(
            entry["shape"])
    return tensors
