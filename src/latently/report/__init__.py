"""The report of a run: one page that opens offline.

`page` writes any page of figures, numbers and tables, by the templates beside it; `story` says what the page of a run
shows, `comparison` what that of several runs does.
"""

from latently.report.comparison import compare_runs, measures, unmeasured
from latently.report.page import Exhibit, ReportFigure, ReportRow, ReportTable, write_exhibition, write_report
from latently.report.story import report_run
from latently.report.study import write_study

__all__ = [
    "Exhibit",
    "ReportFigure",
    "ReportRow",
    "ReportTable",
    "compare_runs",
    "measures",
    "report_run",
    "unmeasured",
    "write_exhibition",
    "write_report",
    "write_study",
]
