"""Distributions, priors, divergences, adversarial losses, bounds and corruptions: the mathematics of every game."""

from latently.probability.adversarial import (
    ADVERSARIAL_LOSSES,
    AdversarialLoss,
    gradient_penalty,
    hinge,
    least_squares,
    logistic,
    r1_penalty,
    with_jacobian_norm,
)
from latently.probability.bounds import elbo, importance_weighted_bound, kl, kl_per_dimension
from latently.probability.cells import CellsHead, first_elements
from latently.probability.corruption import (
    CORRUPTIONS,
    Corruption,
    EachView,
    GaussianNoise,
    HiddenCells,
    HiddenConditions,
    MaskingNoise,
    SaltAndPepperNoise,
    make_corruption,
)
from latently.probability.distribution import Distribution
from latently.probability.experts import Experts
from latently.probability.heads import (
    BernoulliHead,
    CategoricalHead,
    DeterministicHead,
    GaussianHead,
    Head,
    LaplaceHead,
)
from latently.probability.likelihoods import Bernoulli, Categorical, Gaussian, Joint, Laplace
from latently.probability.posteriors import Averaged, Deterministic, Implicit
from latently.probability.priors import PRIORS, make_prior, prior_from_config
from latently.probability.priors.base import Prior
from latently.probability.priors.curves import SCurve, SwissRoll
from latently.probability.priors.mixtures import CategoricalPrior, Mixture, Star
from latently.probability.priors.unimodal import FittedNormal, Normal, Uniform

__all__ = [
    "ADVERSARIAL_LOSSES",
    "CORRUPTIONS",
    "PRIORS",
    "AdversarialLoss",
    "Averaged",
    "Bernoulli",
    "BernoulliHead",
    "Categorical",
    "CategoricalHead",
    "CategoricalPrior",
    "CellsHead",
    "Corruption",
    "Deterministic",
    "DeterministicHead",
    "Distribution",
    "EachView",
    "Experts",
    "FittedNormal",
    "Gaussian",
    "GaussianHead",
    "GaussianNoise",
    "Head",
    "HiddenCells",
    "HiddenConditions",
    "Implicit",
    "Joint",
    "Laplace",
    "LaplaceHead",
    "MaskingNoise",
    "Mixture",
    "Normal",
    "Prior",
    "SCurve",
    "SaltAndPepperNoise",
    "Star",
    "SwissRoll",
    "Uniform",
    "elbo",
    "first_elements",
    "gradient_penalty",
    "hinge",
    "importance_weighted_bound",
    "kl",
    "kl_per_dimension",
    "least_squares",
    "logistic",
    "make_corruption",
    "make_prior",
    "prior_from_config",
    "r1_penalty",
    "with_jacobian_norm",
]
