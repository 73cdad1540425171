"""The report of a run: one page that opens offline.

`page` writes any page of figures, numbers and tables, by the templates beside it; `story` says what the page of a run
shows, `comparison` what that of several runs does, and `exploring` makes the page that holds the model itself.
"""

from latently.report.comparison import compare_runs, measures, unmeasured
from latently.report.exploring import Explored, exploration, explore_run, story_of
from latently.report.page import Exhibit, ReportFigure, ReportRow, ReportTable, write_exhibition, write_report
from latently.report.story import EXPLORER, held_out, report_run
from latently.report.study import write_study

__all__ = [
    "EXPLORER",
    "Exhibit",
    "Explored",
    "ReportFigure",
    "ReportRow",
    "ReportTable",
    "compare_runs",
    "exploration",
    "explore_run",
    "held_out",
    "measures",
    "report_run",
    "story_of",
    "unmeasured",
    "write_exhibition",
    "write_report",
    "write_study",
]
