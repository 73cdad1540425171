"""The axes hold the prior and the codes, as far as that does not make either small."""

import numpy as np
import pytest

from latently.report.code_scenes import widened

PRIOR = (-3.0, 3.0)


@pytest.mark.parametrize(
    ("outliers", "limits"),
    [
        ([], PRIOR),  # all codes lie inside
        ([3.5], (-3.0, 3.5 + 0.02 * 6.5)),  # a little outside: taken in, with air
        ([-40.0], PRIOR),  # one in a thousand, far out: left there
        ([np.nan, np.inf], PRIOR),  # no numbers
        ([5.0] * 100, (-3.0, 5.0 + 0.02 * 8)),  # many: taken in
        ([50.0] * 100, (-3.0, 9.0)),  # as far as the prior stays a third
    ],
)
def test_axes_widen_for_many_codes_or_near_ones(outliers: list[float], limits: tuple[float, float]) -> None:
    codes = np.concatenate([np.linspace(-2, 2, 1000), outliers])[:, None]
    assert widened(PRIOR, codes, most=3) == pytest.approx(limits)
