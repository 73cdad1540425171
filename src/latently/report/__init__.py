"""The report of a run: one page that opens offline.

`elements` are what pages are made of; `page` writes any page of figures, numbers and tables; `story` says what the
page of a run shows, `comparison` what that of several runs does, and `exhibition` lays out the page that
shows several to others.
"""

from latently.report.comparison import compare_runs, measures
from latently.report.elements import ReportFigure, ReportRow, ReportTable
from latently.report.exhibition import Exhibit, write_exhibition
from latently.report.page import write_report
from latently.report.story import report_run

__all__ = [
    "Exhibit",
    "ReportFigure",
    "ReportRow",
    "ReportTable",
    "compare_runs",
    "measures",
    "report_run",
    "write_exhibition",
    "write_report",
]
