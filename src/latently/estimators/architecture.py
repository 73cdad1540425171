"""From hyperparameters to networks: what `network`, `hidden`, `likelihood` and their like build.

Estimators import this file as `build`, and read `build.encoder(self, …)`, `build.prior(self)`.
"""

import math
from dataclasses import replace
from typing import Any, Literal

import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError, setting
from latently.estimators.inputs import view_likelihood
from latently.estimators.networks import (
    Network,
    Shape,
    channels_of,
    convolves,
    decoder_network,
    hidden_widths,
    widths,
)
from latently.game import Cells, Task
from latently.games.consistency import Consistency
from latently.networks import (
    BesideLinear,
    Chain,
    Conditional,
    InputNoise,
    Layer,
    Linear,
    MarkGaps,
    Unflatten,
    conv_decoder,
    conv_encoder,
    mlp,
    own_network,
)
from latently.probability import (
    BernoulliHead,
    CategoricalHead,
    CellsHead,
    Corruption,
    DeterministicHead,
    EachView,
    Experts,
    GaussianHead,
    Head,
    HiddenCells,
    HiddenConditions,
    LaplaceHead,
    MaskingNoise,
    Normal,
    Prior,
    SaltAndPepperNoise,
    first_elements,
    make_corruption,
    make_prior,
)
from latently.streams import stream


def likelihood_head(model: Any, task: Task, likelihood: str | None = None) -> Head:
    """The head of the decoder, p(x|z).

    `"auto"` is Bernoulli for data in [0, 1] and Gaussian otherwise; each column of a table has a kind of its own.

    Args:
        model: an estimator.
        task: says what the data is.
        likelihood: the model's, unless a view has one of its own.

    Raises:
        ArgumentError: the likelihood is Bernoulli, and the output is not in [0, 1]; or one is asked for, for a table
            whose columns have their own.
    """
    name, data_range = likelihood or model.likelihood, task.range
    if task.cells:
        gaussian = all(cell.kind == "gaussian" for cell in task.cells)
        if name != "auto" and not (name == "gaussian" and gaussian):
            rule = "must be left at auto for a table with gaps, or of several kinds: each column has its own"
            raise ArgumentError("likelihood", rule, name, "The kinds of its columns say which: {kinds=income=heavy}.")
        return CellsHead(task.cells, None if model.likelihood_scale == "learned" else float(model.likelihood_scale))
    if name == "auto":
        name = "bernoulli" if data_range == "unit" and model.output in ("auto", "sigmoid") else "gaussian"
    if name == "bernoulli":
        if model.output not in ("auto", "sigmoid"):
            rule = "must be sigmoid, or left at auto, for {likelihood=bernoulli}"
            raise ArgumentError("output", rule, model.output)
        return BernoulliHead()
    activation = output_activation(model, data_range)
    head = GaussianHead if name == "gaussian" else LaplaceHead
    if model.likelihood_scale == "learned":
        return head(activation=activation, scale="learned", value=1.0)
    return head(activation=activation, scale="fixed", value=float(model.likelihood_scale))


def output_activation(model: Any, data_range: str) -> Literal["sigmoid", "tanh", "identity"]:
    """What keeps rows in the range of the data."""
    activations: dict[str, Literal["sigmoid", "tanh", "identity"]] = {
        "unit": "sigmoid",
        "symmetric": "tanh",
        "real": "identity",
    }
    return activations[data_range] if model.output == "auto" else model.output


def encoder(
    model: Any,
    task: Task,
    head: Head,
    key: PRNGKeyArray,
    *,
    noise_dim: int = 0,
    labels: int = 0,
    latent_dim: int | None = None,
) -> Conditional:
    """q(z|x) for rows of a task; with `labels`, told one of so many; with `noise_dim`, an implicit one.

    Args:
        model: an estimator.
        task: says what a row is.
        head: what makes a distribution of the network's output.
        key: for the initial weights.
        noise_dim: numbers of noise that it is fed, 0 for none.
        labels: how many labels there are that it is told one of, 0 for none.
        latent_dim: dimensions of the code; the model's unless said.

    Raises:
        ArgumentError: an implicit one is asked of a network that does not read vectors; or a linear path, of one that
            can have none.
    """
    if noise_dim and len(task.shape) > 1 and model.network != "mlp":
        which = "convolutions" if convolves(model.network, task.shape) else "it"
        named = setting("network", model.network) if isinstance(model.network, str) else "a network of your own"
        rule = f"must not be implicit for {named}: it is fed noise beside x, flattened, which {which} cannot read"
        raise ArgumentError("encoder", rule, remedy="Use {network=mlp}, or {encoder=gaussian}.")
    outputs = int(latent_dim or model.latent_dim) * head.parameters
    network = reader(model, task, outputs, key, labels=labels, noise_dim=noise_dim)
    if _is_beside_linear(model, task, implicit=bool(noise_dim)):
        network = BesideLinear(Linear(task.shape[0] + labels, outputs, stream(key, "linear")), network)
    return Conditional(network, head, noise_dim)


def classifier(model: Any, task: Task, classes: int, key: PRNGKeyArray, *, auxiliary_dim: int = 0) -> Conditional:
    """q(y|x) for rows of a task; with `auxiliary_dim`, q(y|a, x)."""
    return Conditional(reader(model, task, classes, key, labels=auxiliary_dim), CategoricalHead(classes, per_row=True))


def reader(model: Any, task: Task, outputs: int, key: PRNGKeyArray, *, labels: int = 0, noise_dim: int = 0) -> Layer:
    """A network that reads rows of a task, with so many numbers beside each, and so much noise behind all."""
    network, (*lead, size) = model.network, task.shape
    shape = (*lead, size + len(task.cells) + labels)
    shape = (math.prod(shape) + noise_dim,) if noise_dim else shape
    common = layer_options(model) | {"input_noise": float(model.input_noise)}
    channels = channels_of(model, task.shape) if convolves(network, shape) else ()
    reads = read_by(network, shape, hidden_widths(model, network, shape), channels, outputs, key, **common)
    return mark_gaps(reads, size, task.cells, task.conditions if labels else ())


def read_by(
    network: Network,
    shape: Shape,
    hidden: Shape,
    channels: Shape,
    outputs: int,
    key: PRNGKeyArray,
    *,
    input_noise: float,
    **common: Any,
) -> Layer:
    """The network of a name, or a user's own, that reads rows.

    Args:
        network: its name, or the function that makes it.
        shape: of what it reads.
        hidden: the widths of dense hidden layers; beside convolutions, of one or none.
        channels: of convolutions.
        outputs: how many numbers it gives.
        key: for the initial weights.
        input_noise: the standard deviation of noise on what it reads in training.
        **common: what layers of all kinds have in common.
    """
    if not isinstance(network, str):
        own = own_network("network", network, shape, outputs, key)
        return Chain((InputNoise(input_noise), own)) if input_noise else own
    common["input_noise"] = input_noise
    if convolves(network, shape):
        dense, residual = hidden[0] if hidden else None, network == "resnet"
        return conv_encoder(shape, channels, dense, outputs, key, residual=residual, **common)
    return mlp(math.prod(shape), hidden, outputs, key, residual=network == "resnet", **common)


def decoder(model: Any, task: Task, head: Head, key: PRNGKeyArray, *, labels: int = 0) -> Conditional:
    """p(x|z), the encoder's mirror image: its widths and activations run the other way; with `labels`, p(x|z, y)."""
    common, inputs, network = layer_options(model), int(model.latent_dim) + labels, decoder_network(model)
    if not isinstance(model.activation, str):
        common["activation"] = tuple(reversed(model.activation))
    shape, hidden = task.shape, hidden_widths(model, network, task.shape)
    outputs = (*shape[:-1], shape[-1] * head.parameters)
    if convolves(network, shape):
        widest_last, residual = channels_of(model, shape), network == "resnet"
        # The dense layer has no mirror image: the first map of the decoder is linear.
        if not isinstance(common["activation"], str):
            common["activation"] = common["activation"][-len(widest_last) :]
        if not isinstance(common["normalize"], str | None):
            common["normalize"] = common["normalize"][: len(widest_last)]
        channels, last = widest_last[::-1], outputs[-1]
        writes: Layer = conv_decoder(inputs, None, channels, shape, last, key, residual=residual, **common)
    else:
        writes = written_by(network, inputs, hidden[::-1], outputs, key, **common)
        if _is_beside_linear(model, task):
            writes = BesideLinear(Linear(inputs, outputs[0], stream(key, "linear")), writes)
    told_of = task.conditions if labels else ()
    return Conditional(mark_gaps(writes, int(model.latent_dim), conditions=told_of), head)


def written_by(network: Network, inputs: int, hidden: Shape, outputs: Shape, key: PRNGKeyArray, **common: Any) -> Layer:
    """The perceptron of a name, or a user's own network, that gives rows of the shape `outputs` for vectors."""
    if not isinstance(network, str):
        return own_network("decoder_network", network, inputs, outputs, key)
    chain = mlp(inputs, hidden, math.prod(outputs), key, residual=network == "resnet", **common)
    return chain if len(outputs) == 1 else Chain((*chain.layers, Unflatten(outputs)))


def _is_beside_linear(model: Any, task: Task, *, implicit: bool = False) -> bool:
    """Whether a network has a linear path beside it: unless said, tables of numbers have, which are mostly linear."""
    hindrance = None
    if not model.network == decoder_network(model) == "mlp":
        hindrance = "beside other networks than {network=mlp}, of encoder and decoder"
    elif not hidden_widths(model, "mlp", task.shape):
        hindrance = "for networks without hidden layers, which are linear by themselves"
    elif implicit:
        hindrance = "for {encoder=implicit}, which reads noise, too"
    elif task.cells:
        hindrance = "for a table with gaps, or of several kinds"
    elif task.conditions:
        hindrance = "for networks that are told conditions, which may be unknown"
    check_linear_path(model, hindrance)
    if model.linear_path == "auto":
        linear = model.linear_by_default == "rows" or (len(task.shape) == 1 and task.range == "real")
        return linear and hindrance is None
    return bool(model.linear_path)


def check_linear_path(model: Any, hindrance: str | None) -> None:
    """See that a linear path is not asked for where there can be none.

    Args:
        model: an estimator.
        hindrance: where there is none, in words that follow "must be left at auto"; `None` where there can be one.

    Raises:
        ArgumentError: it is.
    """
    if model.linear_path is True and hindrance is not None:
        raise ArgumentError("linear_path", f"must be left at auto {hindrance}")


def told(task: Task) -> int:
    """How many numbers networks are told of a row's label: one a class; or its conditions, and if each is unknown."""
    return sum(each.width + 1 for each in task.conditions) or task.n_labels or 1


def label_fields(task: Task, hidden: float) -> dict[str, Any]:
    """What a game that tells its decoder of labels has to know of them: how many classes, or what hides conditions.

    Args:
        task: says what they are.
        hidden: the share of rows of which some conditions are hidden in training.
    """
    if not task.conditions:
        return {"n_labels": task.n_labels or 1}
    return {"n_labels": None, "conditions": HiddenConditions(tuple(each.width for each in task.conditions), hidden)}


def mark_gaps(network: Layer, size: int, cells: tuple[Cells, ...] = (), conditions: tuple[Cells, ...] = ()) -> Layer:
    """A network that reads 0 where something is missing, and a mark for it: in its first columns, in conditions.

    Args:
        network: that reads so many numbers, a mark for each of the cells and, if it is told any, conditions and marks.
        size: of what it reads before it is told anything.
        cells: what that consists of, where it may have gaps.
        conditions: what it is told.
    """
    if not cells and not conditions:
        return network
    start = 0 if cells else size
    firsts = [*first_elements(cells), *(size - start + first_elements(conditions))]
    width = size - start + sum(each.width for each in conditions)
    return MarkGaps(network, tuple(map(int, firsts)), width, start)


def posterior(model: Any, task: Task, key: PRNGKeyArray) -> Conditional:
    """q(z|x) for rows of a task, of the kind that `encoder` names; q(z|x, y) where rows come under conditions.

    Args:
        model: an estimator with `encoder`, and with `noise_dim` where that may be `implicit`.
        task: says what a row is.
        key: for the initial weights.

    Raises:
        ArgumentError: an implicit encoder is asked of convolutions.
    """
    head = GaussianHead(scale="exp") if model.encoder == "gaussian" else DeterministicHead()
    noise_dim = int(model.noise_dim) if model.encoder == "implicit" else 0
    return encoder(model, task, head, key, noise_dim=noise_dim, labels=told(task) if task.conditions else 0)


def prior(model: Any, n_labels: int | None = None) -> Prior:
    """The prior that `prior` names, or the one that it is; with a region for each of so many labels.

    Raises:
        ArgumentError: its dimension is not `latent_dim`, it has no region for each label, or it is given both as a
            Prior and with a scale.
    """
    scale, dim = model.prior_scale, int(model.latent_dim)
    if isinstance(model.prior, str):
        return make_prior(model.prior, dim, n_labels, None if scale is None else float(scale))
    given: Prior = model.prior
    if given.dim != dim:
        raise ArgumentError("prior", f"must have as many dimensions as {setting('latent_dim', dim)}", given.dim)
    if scale is not None:
        rule = f"goes with a prior given by name, so it must be left out beside {given!r}"
        raise ArgumentError("prior_scale", rule, scale)
    if n_labels is not None:
        given.check_labels(n_labels)
    return given


def normal_prior(model: Any) -> Normal:
    """The prior of a model whose games need a normal one.

    Raises:
        ArgumentError: another was asked for.
    """
    asked = prior(model)
    if not isinstance(asked, Normal):
        remedy = f"For other shapes use {'ACCA' if model.takes_views else 'AAE or SupervisedAAE'}."
        raise ArgumentError("prior", f"must be normal for {type(model).__name__}", asked.name, remedy)
    return asked


def critic(model: Any, inputs: int, key: PRNGKeyArray, *, spectral_norm: bool = False) -> Layer:
    """A critic: one logit for each row of so many numbers."""
    return mlp(inputs, widths(model.critic_hidden), 1, key, **critic_options(model), spectral_norm=spectral_norm)


def told_critic(model: Any, task: Task, key: PRNGKeyArray) -> Layer:
    """A critic of codes that is told the label of each."""
    dim = int(model.latent_dim)
    return mark_gaps(critic(model, dim + told(task), key), dim, conditions=task.conditions)


def critic_options(model: Any) -> dict[str, Any]:
    """What the layers of all critics have in common; of one activation a layer, theirs is the last."""
    activation = model.activation if isinstance(model.activation, str) else model.activation[-1]
    return {"activation": activation, "dropout": float(model.critic_dropout)}


def corruption(model: Any, task: Task) -> Corruption | None:
    """What `corruption` describes, for the data of a task.

    Salt and pepper are the ends of the data's range, or one deviation off its mean; in a table, masking hides cells.

    Raises:
        ArgumentError: salt and pepper are asked for, for a table whose columns are of several kinds.
    """
    described = make_corruption(model.corruption)
    if task.cells and isinstance(described, MaskingNoise):
        return HiddenCells(described.probability, tuple(cell.width for cell in task.cells))
    if isinstance(described, SaltAndPepperNoise):
        if task.cells:
            rule = "must be gaussian or masking for a table with gaps, or of several kinds"
            raise ArgumentError("corruption", rule, model.corruption)
        if task.range != "unit":
            return SaltAndPepperNoise(described.probability, low=-1.0, high=1.0)
    return described


def consistency(model: Any) -> Consistency | None:
    """What a model that tells classes asks of rows that are moved a little; nothing at weight 0."""
    if not model.consistency_weight:
        return None
    return Consistency(float(model.consistency_weight), float(model.consistency_radius))


def layer_options(model: Any) -> dict[str, Any]:
    """What the layers of an encoder, a decoder or a generator have in common."""
    return {"activation": model.activation, "normalize": model.normalization, "dropout": float(model.dropout)}


def check_classes(model: Any, task: Task, *, instead: str) -> int:
    """The number of classes; labels that are all of one class leave nothing to tell apart.

    Args:
        model: the estimator.
        task: says how many there are.
        instead: the estimator for data of one class.

    Raises:
        ValueError: there is one class only.
    """
    classes = task.n_labels or 1
    if classes < 2 and task.labels_known != "none":
        raise ValueError(
            f"{type(model).__name__} tells classes apart, so it needs 2 or more; the labels are all of one class. "
            f"Use {instead} for data of one class, or y=None for clusters."
        )
    return classes


def joint_task(task: Task) -> Task:
    """The task of all views as one, flattened side by side: a table of numbers, where all views are."""
    shape, range_ = (sum(map(math.prod, task.shape)),), task.range
    tables = all(len(each) == 1 for each in task.shape) and set(range_) == {"real"}
    return replace(task, shape=shape, range="real" if tables else range_, views=())


def view_decoders(model: Any, task: Task, key: PRNGKeyArray, *, private_dim: int = 0) -> tuple[Conditional, ...]:
    """p(xᵥ|z) of each view, or p(xᵥ|z, hᵥ) with `private_dim`.

    The likelihood of a view is its own where the model names one for each.
    """
    decoders = []
    for place, name in enumerate(task.views):
        view = task.of_view(place)
        head = likelihood_head(model, view, view_likelihood(model, task.views, place))
        decoders.append(decoder(model, view, head, stream(key, name), labels=private_dim))
    return tuple(decoders)


def experts(model: Any, count: int) -> Experts | None:
    """What makes a product of the codes of so many views, unless `fusion` asks for their mean."""
    dim = int(model.latent_dim)
    return Experts(jnp.tile(jnp.eye(dim), (count, 1, 1))) if model.fusion == "product" else None


def view_corruption(model: Any, task: Task) -> EachView | None:
    """What `corruption` does to each view, by its range; `None` for nothing."""
    if model.corruption is None:
        return None
    return EachView(tuple(corruption(model, task.of_view(place)) for place in range(len(task.views))))  # type: ignore[misc]
