"""A fitted model as functions for other programs: in units of the data, with what was done to it inside."""

from latently.export.blobs import Blobs
from latently.export.functions import Function, Port, functions
from latently.export.lowering import ExportError
from latently.export.onnx import check_export, write_onnx
from latently.export.program import program

__all__ = ["Blobs", "ExportError", "Function", "Port", "check_export", "functions", "program", "write_onnx"]
