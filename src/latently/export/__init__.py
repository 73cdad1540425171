"""A fitted model as functions for other programs: in units of the data, with what was done to it inside."""

from latently.export.functions import Function, Port, functions

__all__ = ["Function", "Port", "functions"]
