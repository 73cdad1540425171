"""A fitted model as functions for other programs: in units of the data, with what was done to it inside."""

from latently.export.functions import Function, Port, functions
from latently.export.onnx import check_export, write_onnx

__all__ = ["Function", "Port", "check_export", "functions", "write_onnx"]
