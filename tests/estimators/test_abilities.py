"""What a model can do is said in one place, and `hasattr`, `abilities()` and the sentences of errors agree on it."""

import pickle
import types

import numpy as np
import pytest
from sklearn.base import clone

import latently
from latently import AAE, VAE, NotSupportedError, SemiSupervisedAAE
from latently.abilities import ABILITIES, may
from latently.catalogue import BY_NAME, MODELS
from small_models import as_if_fitted, small

X = np.random.default_rng(0).uniform(size=(20, 6))
Y = np.arange(20) % 3
HOOKS = {"first_stage", "before_training"}
"""Methods of `LatentModel` that exist to be replaced: by a model that is fitted in two stages."""

VARIANTS = [
    *[small(model.load()) for model in MODELS],
    small(AAE, encoder="gaussian"),
    small(AAE, encoder="gaussian", prior="swiss-roll"),
    small(VAE, prior="star"),
    small(VAE, corruption="gaussian:0.1"),
    small(SemiSupervisedAAE, representation="sum"),
]


def rows(model):
    return {"left": X[:, :4], "right": X[:, 4:]} if model.takes_views else X


_fitted = {}


def as_fitted(model):
    """The same model after no rounds at all, with labels where it takes any."""
    if repr(model) not in _fitted:
        _fitted[repr(model)] = as_if_fitted(clone(model), rows(model), Y)
    return _fitted[repr(model)]


every_variant = pytest.mark.parametrize("model", VARIANTS, ids=repr)


@pytest.mark.sampled
@every_variant
def test_a_method_is_there_where_the_model_has_its_ability_before_the_fit_and_after_it(model):
    fitted = as_fitted(model)
    for name, ability in ABILITIES.items():
        for method in ability.methods:
            assert hasattr(fitted, method) == (name in fitted.abilities()), method
        for method in ability.methods[:1]:  # the others go by the same ability
            may_yet = ability.of_data and may(model.game_type, name)
            assert hasattr(model, method) == (hasattr(fitted, method) or may_yet), method


def test_without_labels_there_are_no_classes_to_predict():
    assert hasattr(small(AAE), "predict"), "labels may yet be given"
    fitted = as_if_fitted(small(AAE), X)
    assert not hasattr(fitted, "predict")
    with pytest.raises(NotSupportedError, match="it was fitted without classes; fit it with labels of one class a row"):
        fitted.predict(X)


@every_variant
def test_the_sentence_says_why_and_names_the_models_that_can(model):
    fitted = as_fitted(model)
    drawable = set() if fitted.label_values is None else {"sample_labels"}  # so are clusters, which are no labels
    for name in ABILITIES.keys() - fitted.abilities() - drawable:
        with pytest.raises(NotSupportedError) as caught:
            fitted.require(name)
        sentence = str(caught.value)
        assert sentence.startswith(f"this {type(model).__name__} cannot {ABILITIES[name].can}: ")
        assert caught.value.others, name
        assert sentence.endswith(f"Models that can: {', '.join(caught.value.others)}.")
        assert type(model).__name__ not in caught.value.others
        for other in caught.value.others:
            assert may(BY_NAME[other].load().game_type, name)


def test_the_error_is_both_that_of_a_missing_attribute_and_that_of_a_missing_implementation():
    with pytest.raises(NotSupportedError) as caught:
        latently.AAE().complete({"left": X})
    assert isinstance(caught.value, AttributeError)
    assert isinstance(caught.value, NotImplementedError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    sentence = "this AAE cannot complete a missing view: its rows have one view. Models that can: ACCA, VCCA."
    assert str(caught.value) == sentence


def test_hyperparameters_that_cannot_work_are_refused_by_fit_and_not_by_hasattr():
    model = latently.VAE(latent_dim=3, prior="star", corruption="snow")
    assert hasattr(model, "score_samples")
    with pytest.raises(ValueError, match="latent_dim must be even"):
        model.fit(X)
    model = small(latently.VCCA, likelihood=("gaussian",), inferred_from=("left", "right"))
    assert hasattr(model, "corrupt")
    with pytest.raises(ValueError, match="likelihood must be one for all views, or one for each of 2"):
        model.fit({"left": X, "right": X})


@pytest.mark.parametrize(
    "given",
    [
        {"inferred_from": "left"},
        {"inferred_from": ("left", "up")},
        {"inferred_from": "first"},
        {"likelihood": {"left": "gaussian"}},
        {"likelihood": ("gaussian", "bernoulli", "laplace")},
    ],
)
def test_what_a_model_of_several_views_can_do_hangs_on_no_name_of_a_view(given):
    assert not hasattr(small(latently.VCCA, **given), "corrupt")
    assert hasattr(small(latently.VCCA, corruption="gaussian:0.1", **given), "corrupt")


# ---- composition ----


def _ours(estimator):
    return [cls for cls in estimator.__mro__ if cls.__module__.startswith("latently.")]


def _is_concrete(member):
    behaves = isinstance(member, types.FunctionType | property | classmethod | staticmethod)
    return behaves and not getattr(member, "__isabstractmethod__", False)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_an_estimator_stands_on_three_bases_at_most_and_none_overrides_anothers_methods(model):
    estimator = model.load()
    classes = _ours(estimator)
    assert len(classes) - 1 <= 3
    for place, base in enumerate(classes):
        for name, member in vars(base).items():
            if not _is_concrete(member) or name in HOOKS | {"__init__", "__replace__"}:
                continue
            overriding = [cls for cls in classes[:place] if name in vars(cls)]
            by_a_hyperparameter = isinstance(member, property) and name in estimator.__dataclass_fields__
            assert not overriding or by_a_hyperparameter, (name, base, overriding)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_row_of_the_catalogue_says_what_its_estimator_is(model):
    estimator = model.load()
    assert estimator.__name__ == model.name
    assert estimator.__module__ == f"latently.estimators.{model.module}"
    assert getattr(latently, model.name) is getattr(latently.estimators, model.name) is estimator
    assert issubclass(estimator, latently.LatentModel)
    assert estimator.presets
    assert len({name for each in MODELS for name in each.load().presets}) == sum(
        len(each.load().presets) for each in MODELS
    )
