"""The report of a run: one page that opens offline.

`page` writes any page of figures, numbers and tables; `story` says what the page of a run shows.
"""

from latently.report.page import ReportFigure, ReportTable, write_report
from latently.report.story import report_run

__all__ = ["ReportFigure", "ReportTable", "report_run", "write_report"]
