"""Priors p(z): what the codes of a model are asked to look like."""

from collections.abc import Mapping
from typing import Any

from latently.errors import ArgumentError, setting
from latently.probability.priors.base import Prior
from latently.probability.priors.curves import SCurve, SwissRoll
from latently.probability.priors.mixtures import CategoricalPrior, Mixture, Star
from latently.probability.priors.unimodal import Normal, Uniform

PRIORS: dict[str, type[Prior]] = {
    prior.name: prior for prior in (Normal, Uniform, Star, SwissRoll, SCurve, CategoricalPrior)
}


def make_prior(name: str, dim: int, n_labels: int | None = None, scale: float | None = None) -> Prior:
    """The prior of a name, as estimators and the command line give it.

    Args:
        name: "normal", "uniform", "star", "swiss-roll", "s-curve" or "categorical".
        dim: length of a code.
        n_labels: number of labels that will choose between regions; a star gets that many petals.
        scale: size of the prior: the standard deviation of "normal", half the side of "uniform", and a factor on all
            lengths of "star". `None` leaves each as it is by default.

    Raises:
        ValueError: for an unknown name, a `dim` or `n_labels` that the prior cannot have, or a `scale` for a prior that
            has none; where an estimator's argument is at fault, it is an `ArgumentError` about that.

    Example:
        >>> make_prior("normal", 2, scale=5.0)
        Normal(dim=2, scale=5.0)
        >>> make_prior("star", 2, n_labels=7).petals
        7
    """
    if name not in PRIORS:
        raise ArgumentError("prior", f"must be one of {', '.join(map(repr, PRIORS))}", name, known=PRIORS)
    if scale is not None and not scale > 0:
        raise ArgumentError("prior_scale", "must be positive", scale)
    if name == "star":
        size = 1.0 if scale is None else scale
        petals = 10 if n_labels is None else n_labels
        prior: Prior = Star(dim, petals, radial=0.5 * size, tangential=0.1 * size, shift=1.4 * size)
    elif name == "normal":
        prior = Normal(dim, 1.0 if scale is None else scale)
    elif name == "uniform":
        prior = Uniform(dim) if scale is None else Uniform(dim, -scale, scale)
    elif scale is not None:
        rule = f"cannot go with {setting('prior', name)}, which has no scale"
        raise ArgumentError("prior_scale", rule, scale, "Leave it out, or use {prior=normal}.")
    else:
        prior = PRIORS[name](dim)
    if n_labels is not None:
        prior.check_labels(n_labels)
    return prior


def prior_from_config(config: Mapping[str, Any]) -> Prior:
    """Rebuild a prior from `Prior.config()`: plain values, as a saved model holds them.

    Raises:
        ValueError: for an unknown name, or fields that the prior does not have.

    Example:
        >>> prior_from_config(Normal(2, scale=5.0).config())
        Normal(dim=2, scale=5.0)
    """
    fields = dict(config)
    name = fields.pop("name", None)
    known = PRIORS | {Mixture.name: Mixture}  # a mixture has places, which a name alone does not tell
    if name not in known:
        raise ValueError(f"the prior's name must be one of {', '.join(map(repr, known))}; got {name!r}.")
    try:
        return known[name](**fields)
    except TypeError as error:
        raise ValueError(f"the prior {name!r} cannot be built from {fields!r}: {error}.") from error
