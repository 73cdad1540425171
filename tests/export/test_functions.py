"""Functions of fitted models for other programs give what the estimators give."""

import jax
import numpy as np
import pytest

import latently
from latently.catalogue import MODELS
from latently.export import functions
from small_models import as_if_fitted, small

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 4, 4)).astype(np.uint8)
LABELS = np.arange(24) % 3
VIEWS = {"left": RNG.normal(size=(24, 4)), "right": RNG.normal(3, 2, size=(24, 3))}


def fitted(name):
    model = small(getattr(latently, name))
    if model.takes_views:
        return as_if_fitted(model, VIEWS), VIEWS
    return as_if_fitted(model, IMAGES, LABELS), IMAGES


def given(model, function, rows):
    """What a function takes: floats of one type, each row's own class, and all views."""
    arrays = []
    for port in function.inputs:
        if port.name == "code":
            arrays.append(RNG.normal(size=(24, *port.shape)))
        elif port.name == "label":
            arrays.append(np.eye(*port.shape)[LABELS])
        elif port.name == "present":
            arrays.append(np.ones((24, *port.shape)))
        else:
            arrays.append(rows if port.name == "x" else rows[port.name])
    return [np.asarray(array, np.float32) for array in arrays]


@pytest.mark.sampled
@pytest.mark.parametrize("name", [model.name for model in MODELS])
def test_functions_give_what_the_model_gives(name):
    model, rows = fitted(name)
    made = functions(model.fitted_)
    labels = {"labels": LABELS} if model.decodes_labels else {}
    for function in made.values():
        arrays = given(model, function, rows)
        results = jax.jit(function.call)(*arrays)
        assert [result.shape[1:] for result in results] == [port.shape for port in function.outputs]
        if function.name == "encode":
            wanted = [model.transform(rows, **labels)]
        elif function.name == "decode":
            wanted = model.inverse_transform(arrays[0], **labels)
        elif function.name == "reconstruct":
            wanted = model.reconstruct(rows, **labels)
        elif function.name == "classify":
            wanted = [model.predict_proba(rows)]
        else:
            missing = function.name.removeprefix("complete_")
            wanted = [model.complete({view: rows[view] for view in rows if view != missing})[missing]]
        wanted = wanted.values() if isinstance(wanted, dict) else [wanted] if isinstance(wanted, np.ndarray) else wanted
        for result, right in zip(results, wanted, strict=True):
            rounding = 0.501 if right.dtype == np.uint8 else 1e-5
            np.testing.assert_allclose(result, right, atol=rounding, rtol=1e-5)
