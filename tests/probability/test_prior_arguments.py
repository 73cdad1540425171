"""Priors by name and from a saved configuration, and what they say to arguments that they cannot take."""

import json

import jax
import jax.numpy as jnp
import pytest

from latently.errors import ArgumentError
from latently.probability import PRIORS, Normal, Star, Uniform, make_prior, prior_from_config

KEY = jax.random.key(0)
every_prior = pytest.mark.parametrize("name", list(PRIORS))


@every_prior
def test_a_prior_survives_json(name: str) -> None:
    prior = make_prior(name, 4, n_labels=4)
    assert prior_from_config(json.loads(json.dumps(prior.config()))) == prior


def test_a_scale_is_kept_in_the_config() -> None:
    assert Normal(3, 5.0).config() == {"name": "normal", "dim": 3, "scale": 5.0}
    assert make_prior("star", 2, 6, scale=2.0) == Star(2, 6, radial=1.0, tangential=0.2, shift=2.8)
    assert make_prior("uniform", 2, scale=2.0) == Uniform(2, -2.0, 2.0)


@pytest.mark.parametrize(
    "config", [{"name": "cauchy"}, {}, {"name": "normal", "dim": 2, "petals": 3}, {"name": "star"}]
)
def test_a_config_that_no_prior_has_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="prior"):
        prior_from_config(config)


@pytest.mark.parametrize("name", ["swiss-roll", "s-curve"])
def test_a_curve_says_that_it_has_no_density(name: str) -> None:
    with pytest.raises(NotImplementedError, match=f'"{name}" lives on a curve and has no density'):
        make_prior(name, 2).log_prob(jnp.zeros((1, 2)))


@pytest.mark.parametrize("name", ["star", "swiss-roll", "s-curve"])
def test_an_odd_dimension_is_refused_where_the_formula_takes_pairs(name: str) -> None:
    with pytest.raises(
        ValueError, match=rf'latent_dim must be even for prior="{name}", .*in pairs.*; got 3. Use latent_dim=4'
    ):
        make_prior(name, 3)


@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_an_odd_dimension_is_fine_without_labels_alone(name: str, dim: int) -> None:
    prior = make_prior(name, dim)
    z = prior.sample(KEY, 5)
    assert z.shape == (5, dim)
    assert prior.log_prob(z).shape == (5,)
    with pytest.raises(ValueError, match="must be even"):
        prior.sample(KEY, 2, jnp.array([0, 1]), 2)
    with pytest.raises(ValueError, match="must be even"):
        prior.responsibilities(z, 2)


@pytest.mark.parametrize(
    ("name", "dim", "n_labels", "scale", "message"),
    [
        ("cauchy", 2, None, None, "prior must be one of 'normal', .*; got 'cauchy'"),
        ("normal", 0, None, None, "dim must be at least 1; got dim=0"),
        ("normal", 2, 0, None, "n_labels must be at least 1; got n_labels=0"),
        ("normal", 2, None, -1.0, "prior_scale must be positive; got -1.0"),
        ("swiss-roll", 2, None, 2.0, 'prior="swiss-roll", which has no scale; got 2.0'),
        ("categorical", 3, 4, None, "got dim=3 and n_labels=4. Use dim=4"),
    ],
)
def test_a_wrong_argument_is_named_with_its_rule(
    name: str, dim: int, n_labels: int | None, scale: float | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_prior(name, dim, n_labels, scale)


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="labels need n_labels"):
        Normal(2).sample(KEY, 1, jnp.array([0]))
    with pytest.raises(ValueError, match=r"labels must be one per draw, n=3; got shape \(2,\)"):
        Normal(2).sample(KEY, 3, jnp.array([0, 1]), 2)
    with pytest.raises(ValueError, match=r"petals=10 and n_labels=4. Use petals=4"):
        Star(2).sample(KEY, 1, jnp.array([0]), 4)
    with pytest.raises(ValueError, match="low must be below high"):
        Uniform(2, 1.0, 1.0)
    with pytest.raises(ValueError, match="tangential must be positive"):
        Star(2, tangential=0.0)
    with pytest.raises(ValueError, match="petals must be at least 1"):
        Star(2, petals=0)


def test_a_terminal_words_what_is_wrong_with_a_named_prior_in_options() -> None:
    def typed(name: str, value: str | None) -> str:
        return " ".join(["--" + name.replace("_", "-"), *([] if value is None else [value])])

    with pytest.raises(ArgumentError) as odd:
        make_prior("star", 3)
    assert odd.value.worded(typed) == (
        "--latent-dim must be even for --prior star, which is laid out in pairs of dimensions; got 3. "
        "Use --latent-dim 4, or --prior normal or --prior uniform without labels."
    )
    with pytest.raises(ArgumentError) as scaled:
        make_prior("s-curve", 2, scale=2.0)
    assert scaled.value.worded(typed) == (
        "--prior-scale cannot go with --prior s-curve, which has no scale; got 2.0. "
        "Leave it out, or use --prior normal."
    )
