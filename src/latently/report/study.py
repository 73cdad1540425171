"""The page of a study: its trials as a table, and Optuna's own pictures of them."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latently.report.page import ReportFigure, ReportTable, write_report
from latently.run.study import Study, Trial
from latently.wording import short_number

_PICTURES = (
    ("plot_optimization_history", "The course of the search", False,
     "Each dot is a trial; the line is the best one so far."),
    ("plot_param_importances", "What matters", False,
     "How much of the difference between trials each hyperparameter accounts for, by a random forest of their values "
     "(fANOVA)."),
    ("plot_slice", "One hyperparameter at a time", True,
     "Where the dots of late trials crowd, the search found it worth while."),
    ("plot_parallel_coordinate", "All hyperparameters of each trial", True,
     "Each line is a trial; the dark ones are good."),
    ("plot_intermediate_values", "While they were trained", False,
     "What held-out rows said on the way, in twentieths of the training; a line that ends early was pruned."),
)  # fmt: skip


def write_study(study: Study, path: Path, command: str) -> Path:
    """Write the page of a study.

    Args:
        study: with a trial or more that came to its end.
        path: the page; its folder must exist.
        command: that works on it.
    """
    trials, best = study.records(), study.best()
    about = study.study.user_attrs["about"]
    complete = sorted((trial for trial in trials if trial.state == "complete"), key=study.rank)
    others = [trial for trial in trials if trial.state != "complete"]
    header = ("trial", study.measured, *(name.replace("_", " ") for name in study.space), "state", "seconds")
    return write_report(
        path,
        title=f"Tuning {about['model']}",
        subtitle=f"{len(trials)} trials on {about['data']['source']}",
        numbers={} if best is None else {study.measured: _number(best.value)},
        facts={"Best trial": "none" if best is None else str(best.number)}
        | ({} if best is None else {n.replace("_", " "): _number(value) for n, value in best.parameters.items()}),
        figures=list(_figures(study)),
        tables=[
            ReportTable(
                "All trials",
                header,
                [_row(study, trial) for trial in (*complete, *others)],
                "The best first. The folder of trial 7 is trial-0007.",
            )
        ],
        warnings=[f"Trial {trial.number} failed: {trial.reason}" for trial in trials if trial.reason],
        command=command,
    )


def _row(study: Study, trial: Trial) -> list[str]:
    chosen = (_number(trial.parameters.get(name)) for name in study.space)
    seconds = "" if trial.seconds is None else f"{trial.seconds:.1f}"
    return [str(trial.number), _number(trial.value), *chosen, trial.state, seconds]


def _number(value: Any) -> str:
    if value is None:
        return "–"
    return short_number(value) if isinstance(value, float) else str(value)


def _figures(study: Study) -> Iterator[ReportFigure]:
    """Optuna's pictures, as far as there are trials enough for them."""
    import matplotlib.pyplot as plt
    from optuna.visualization import matplotlib as pictures

    plt.switch_backend("agg")
    on_the_way = any(trial.intermediate_values for trial in study.study.trials)
    for name, title, wide, caption in _PICTURES if on_the_way else _PICTURES[:-1]:
        named = {} if name == "plot_intermediate_values" else {"target_name": study.measured}
        with plt.rc_context(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                getattr(pictures, name)(study.study, **named)
            except (ValueError, RuntimeError):  # too few trials, or all alike
                continue
            finally:
                figure = plt.gcf()
                plt.close("all")
            _tidy(figure, wide=len(study.space) if wide else 0)
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", dpi=130, bbox_inches="tight")
        yield ReportFigure(title, caption, buffer.getvalue(), wide=wide)


def _tidy(figure: Any, *, wide: int) -> None:
    """Room for the names of choices, and numbers instead of powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    figure.set_size_inches(max(8.0, 2.4 * wide) if wide else 6.5, 4.5)
    for axes in figure.axes:
        axes.set_facecolor("#f4f4f4")
        axes.set_title("")
        axes.set_title("", loc="left")
        if axes.get_legend() is not None:  # of one entry, or of a line for each trial
            axes.get_legend().remove()
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        if axes.get_xlabel() == "Trial":
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if wide > 1:
            axes.tick_params(axis="x", labelrotation=90)
    figure.suptitle("")
