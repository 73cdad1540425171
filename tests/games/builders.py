"""A small game of every kind, built so that all that can draw random numbers does; suites over all games read these."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from latently import games
from latently.game import Batch, masked
from latently.games.consistency import Consistency
from latently.networks import Chain, Conditional, LabelProduct, conv_decoder, conv_encoder, mlp
from latently.probability import (
    BernoulliHead,
    CategoricalHead,
    DeterministicHead,
    EachView,
    Experts,
    FittedNormal,
    GaussianHead,
    GaussianNoise,
    LaplaceHead,
    MaskingNoise,
    Normal,
    SaltAndPepperNoise,
    Star,
    SwissRoll,
    logistic,
)

KEY = jax.random.key(0)
ADAM = optax.adam(0.1)
N_LABELS, LATENT, PIXELS = 3, 2, 16
VIEWS = {"left": 10, "right": 6}
NOISY = {"dropout": 0.2, "input_noise": 0.1}


def conditional(inputs, outputs, head, noise_dim=0, **options):
    return Conditional(mlp(inputs + noise_dim, (5,), outputs, KEY, **NOISY | options), head, noise_dim)


def critic(inputs, outputs=1, **options):
    return mlp(inputs, (5,), outputs, KEY, **NOISY | options)


def vae(**options):
    return games.VAE(
        conditional(PIXELS, 2 * LATENT, GaussianHead(scale="exp"), normalize="batch"),
        conditional(LATENT, PIXELS, GaussianHead(scale="learned", activation="sigmoid")),
        Normal(LATENT),
        ADAM,
        **options,
    )


def convolutional():
    return games.VAE(
        Conditional(conv_encoder((4, 4, 1), (3,), 5, 2 * LATENT, KEY, **NOISY), GaussianHead(scale="softplus")),
        Conditional(conv_decoder(LATENT, None, (3,), (4, 4, 1), 1, KEY, **NOISY), BernoulliHead()),
        Normal(LATENT),
        ADAM,
        corruption=SaltAndPepperNoise(0.3),
    )


def autoencoder(**options):
    return games.Autoencoder(
        conditional(PIXELS, LATENT, DeterministicHead(), normalize="batch"),
        conditional(LATENT, PIXELS, BernoulliHead()),
        FittedNormal(LATENT),
        jnp.zeros(LATENT),
        jnp.ones(()),
        ADAM,
        corruption=MaskingNoise(0.3),
        **options,
    )


def aae(noise_dim=0, n_labels=N_LABELS, head=None, prior=None, **options):
    head = DeterministicHead() if head is None else head
    return games.AAE(
        conditional(PIXELS, LATENT * head.parameters, head, noise_dim),
        conditional(LATENT, PIXELS, BernoulliHead(), normalize="layer"),
        critic(LATENT + (0 if n_labels is None else n_labels + 1), spectral_norm=True),
        Star(LATENT, petals=N_LABELS) if prior is None else prior,
        logistic,
        *(ADAM,) * 3,
        n_labels=n_labels,
        corruption=GaussianNoise(0.3),
        **options,
    )


def supervised_aae(noise_dim=0):
    return games.SupervisedAAE(
        conditional(PIXELS, LATENT, DeterministicHead(), noise_dim),
        conditional(LATENT + N_LABELS, PIXELS, BernoulliHead()),
        critic(LATENT + N_LABELS),
        Normal(LATENT),
        logistic,
        *(ADAM,) * 3,
        n_labels=N_LABELS,
        corruption=GaussianNoise(0.3),
    )


def semi_supervised_aae(heads=None, **options):
    return games.SemiSupervisedAAE(
        mlp(PIXELS, (5,), N_LABELS + LATENT, KEY, normalize="batch", **NOISY),
        conditional(LATENT + (N_LABELS if heads is None else 0), PIXELS, BernoulliHead()),
        critic(N_LABELS),
        critic(LATENT + N_LABELS),
        Normal(LATENT),
        logistic,
        *(ADAM,) * 4,
        n_labels=N_LABELS,
        heads=heads,
        corruption=GaussianNoise(0.3),
        **options,
    )


def cvae():
    return games.ConditionalVAE(
        conditional(PIXELS + N_LABELS, 2 * LATENT, GaussianHead(scale="exp")),
        conditional(LATENT + N_LABELS, PIXELS, BernoulliHead()),
        Normal(LATENT),
        ADAM,
        n_labels=N_LABELS,
        corruption=MaskingNoise(0.3),
    )


def m2(inputs=PIXELS, labels_known="some", **options):
    return games.SemiSupervisedVAE(
        conditional(inputs, N_LABELS, CategoricalHead(N_LABELS, per_row=True)),
        conditional(inputs + N_LABELS, 2 * LATENT, GaussianHead(scale="exp"), normalize="batch"),
        conditional(LATENT + N_LABELS, inputs, GaussianHead(scale="learned")),
        Normal(LATENT),
        ADAM,
        n_labels=N_LABELS,
        labels_known=labels_known,
        corruption=GaussianNoise(0.3),
        **options,
    )


def adgm(skip=False, labels_known="some", **options):
    auxiliary = 3
    return games.AuxiliaryDeepGenerativeModel(
        conditional(PIXELS, 2 * auxiliary, GaussianHead(scale="exp"), normalize="batch"),
        conditional(PIXELS + auxiliary, N_LABELS, CategoricalHead(N_LABELS, per_row=True)),
        conditional(PIXELS + auxiliary + N_LABELS, 2 * LATENT, GaussianHead(scale="exp"), normalize="batch"),
        conditional((0 if skip else PIXELS) + LATENT + N_LABELS, 2 * auxiliary, GaussianHead(scale="exp")),
        conditional(LATENT + N_LABELS + (auxiliary if skip else 0), PIXELS, BernoulliHead()),
        Normal(LATENT),
        ADAM,
        n_labels=N_LABELS,
        skip=skip,
        labels_known=labels_known,
        corruption=GaussianNoise(0.3),
        **options,
    )


def acgan(**options):
    keys = jax.random.split(KEY, 3)

    def generator(key):
        layers = mlp(LATENT, (5,), PIXELS, key, normalize="batch", **NOISY).layers
        return Conditional(Chain((LabelProduct(N_LABELS, LATENT, key), *layers)), DeterministicHead())

    judge = critic(PIXELS, 1 + N_LABELS)
    return games.ACGAN(generator(keys[0]), judge, Normal(LATENT), logistic, ADAM, ADAM, n_labels=N_LABELS, **options)


def experts(count=2):
    return Experts(jnp.stack([jnp.eye(LATENT) + 0.1 * place for place in range(count)]))


def acca(noise_dim=0, head=None, joint=True, **options):
    head = DeterministicHead() if head is None else head
    outputs = LATENT * head.parameters
    whole = sum(VIEWS.values())
    return games.ACCA(
        tuple(conditional(size, outputs, head, noise_dim, normalize="batch") for size in VIEWS.values()),
        conditional(whole, outputs, head, noise_dim) if joint else None,
        tuple(conditional(LATENT, size, LaplaceHead()) for size in VIEWS.values()),
        critic(LATENT),
        Normal(LATENT),
        logistic,
        ADAM,
        ADAM,
        names=tuple(VIEWS),
        fooling_weight=0.1,
        corruption=EachView((GaussianNoise(0.3), MaskingNoise(0.3))),
        **options,
    )


def factor_vae(**options):
    encoder = conditional(PIXELS, 2 * LATENT, GaussianHead(scale="exp"), normalize="batch")
    decoder, rows = conditional(LATENT, PIXELS, BernoulliHead()), 50
    noise = GaussianNoise(0.3)
    return games.FactorVAE(
        encoder, decoder, Normal(LATENT), ADAM, ADAM, gamma=2.0, rows=rows, corruption=noise, **options
    )


def vcca(private=3, **options):
    """With private codes each view has an encoder, and all together; without, the first view alone."""

    def posterior(size, outputs, **options):
        return conditional(size, 2 * outputs, GaussianHead(scale="exp"), **options)

    sizes = tuple(VIEWS.values())
    return games.VCCA(
        tuple(posterior(size, LATENT, normalize="batch") for size in sizes)
        if private
        else (posterior(10, LATENT), None),
        posterior(sum(sizes), LATENT) if private else None,
        tuple(conditional(LATENT + private, size, GaussianHead(scale="learned")) for size in sizes),
        Normal(LATENT),
        ADAM,
        names=tuple(VIEWS),
        private=tuple(posterior(size, private) for size in sizes if private),
        private_dim=private,
        code_dropout=0.2,
        corruption=EachView((GaussianNoise(0.3), MaskingNoise(0.3))),
        **options,
    )


GAMES = {
    "classifier": lambda: games.Classifier(mlp(PIXELS, (5,), N_LABELS, KEY, normalize="batch", **NOISY), ADAM, 0.1),
    "acgan": acgan,
    "autoencoder": autoencoder,
    "contractive autoencoder": lambda: autoencoder(contraction=0.1),
    "cvae": cvae,
    "m2": m2,
    "m2, all labels known": lambda: m2(labels_known="all"),
    "m2, clustering": lambda: m2(labels_known="none"),
    "m2, consistency": lambda: m2(consistency=Consistency(1.0, 0.5)),
    "m2, labelled bound": lambda: m2(labelled_weight=1.0),
    "adgm": adgm,
    "adgm, clustering": lambda: adgm(labels_known="none"),
    "adgm, all labels known": lambda: adgm(labels_known="all"),
    "sdgm, consistency": lambda: adgm(skip=True, consistency=Consistency(1.0, 0.5)),
    "m1m2": lambda: games.StackedSemiSupervisedVAE(vae(), m2(LATENT)),
    "supervised aae": supervised_aae,
    "supervised aae, implicit": lambda: supervised_aae(noise_dim=3),
    "semi-supervised aae": semi_supervised_aae,
    "semi-supervised aae, heads": lambda: semi_supervised_aae(jnp.eye(N_LABELS, LATENT)),
    "semi-supervised aae, consistency": lambda: semi_supervised_aae(consistency=Consistency(1.0, 0.5)),
    "clustering aae, sizes": lambda: semi_supervised_aae(supervised=False, label_logits=jnp.arange(float(N_LABELS))),
    "clustering aae, consistency": lambda: semi_supervised_aae(supervised=False, consistency=Consistency(1.0, 0.5)),
    "vae": vae,
    "vae, denoising": lambda: vae(corruption=GaussianNoise(0.3)),
    "vae, importance": lambda: vae(importance_samples=3, corruption=MaskingNoise(0.3)),
    "vae, convolutional": convolutional,
    "factor vae": lambda: factor_vae(critic=critic(LATENT)),
    "beta-tcvae": factor_vae,
    "beta-tcvae, stratified": lambda: factor_vae(sampling="stratified"),
    "aae, separate steps": lambda: aae(generator_updates=2),
    "aae, gaussian": lambda: aae(head=GaussianHead(scale="exp"), n_labels=None, prior=SwissRoll(LATENT)),
    "aae, joint step": lambda: aae(fooling_weight=0.1, head=GaussianHead(scale="exp"), prior=SwissRoll(LATENT)),
    "aae, implicit, penalty": lambda: aae(noise_dim=3, penalty="r1", prior=Normal(LATENT)),
    "aae, implicit, joint step": lambda: aae(noise_dim=3, fooling_weight=0.1, n_labels=None, penalty="gradient"),
    "vcca, private codes, joint encoder": vcca,
    "vcca, from the first view": lambda: vcca(private=0),
    "acca": acca,
    "acca, gaussian": lambda: acca(head=GaussianHead(scale="exp")),
    "acca, product of experts": lambda: acca(experts=experts()),
    "vcca, product of experts": lambda: vcca(experts=experts()),
    "acca, implicit, no joint encoder": lambda: acca(noise_dim=3, joint=False),
}
"""Name → builder."""


def rows_for(name):
    """Eight rows in the shape in which the decoder gives them back, some without a label or without a view."""
    labels = jnp.asarray(np.arange(8) % 4 - 1)
    if name.startswith(("acca", "vcca")):
        present = jnp.asarray(np.arange(8)[:, None] % 4 != np.array([0, 2]))
        views = tuple(jax.random.uniform(KEY, (8, size)) for size in VIEWS.values())
        return Batch(masked(views, present), labels, Batch(tuple(x[1:2] for x in views), labels[1:2]), present)
    x = jax.random.uniform(KEY, (8, 4, 4, 1) if "convolutional" in name else (8, PIXELS))
    return Batch((x,), labels, Batch((x[1:4],), labels[1:4]))
