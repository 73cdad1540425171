"""The auxiliary classifier GAN: images of the class that is asked for.

References:
    Odena et al. 2016, Conditional Image Synthesis with Auxiliary Classifier GANs, arXiv 1610.09585: Section 3,
    Equations 2 and 3.
    Goodfellow et al. 2014, Generative Adversarial Networks, arXiv 1406.2661, Section 3 (the generator's loss in the
    form that does not saturate).
"""

from typing import Any, ClassVar, Self

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.abilities import Classifies, Decodes, LabelRole, TakesConditions
from latently.game import Batch, Game, History, Labels, Player, Terms
from latently.games.critics import accuracy, collapse_warnings
from latently.games.encoder_decoder import told
from latently.networks import Conditional, Layer, condition
from latently.probability import AdversarialLoss, CellsHead, Distribution, Prior
from latently.streams import stream


class ACGAN(Game, Decodes, Classifies, TakesConditions):
    """A generator is asked for a class; a critic tells real rows from generated ones, and names the class of both.

    In the place of a class there may be conditions. None are hidden in training: noise that has to choose among what
    is not told falls on one choice. The critic reads those that are known, of real rows and of the fakes asked for.

    Attributes:
        generator: G(c, z), fed z beside the one-hot class c, or beside conditions.
        critic: for each row one logit for P(S = real | x) and then one for each class, for P(C = c | x); or, for
            conditions, one for each of their elements.
        prior: p(z); only draws of it are needed.
        adversarial: what the two play for in the term of the source, L_S.
        optimizer, critic_optimizer: how they move.
        n_labels: the number of classes; `None` for conditions.
        class_weight: weight of the term of the class, L_C, against that of the source, for both players.
        reader: makes P(C = c | x) of the critic's outputs, a product over conditions; `None` for classes.
    """

    draws_labelled: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"

    generator: Conditional
    critic: Layer
    prior: Prior
    adversarial: AdversarialLoss
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int | None = eqx.field(static=True)
    class_weight: float = eqx.field(static=True, default=1.0)
    reader: CellsHead | None = None

    def players(self) -> tuple[Player, ...]:
        """Critic and generator."""
        seen = {} if self.n_labels is None else {"class_accuracy": 0.0}
        of_both = {f"{source}_{self._label}": self.class_weight for source in ("real", "fake")}
        of_both |= {"source_accuracy": 0.0, **seen}
        of_fakes = {self._label: self.class_weight, **seen}
        return (
            Player("critic", ("critic", "reader"), ACGAN.judge, self.critic_optimizer, of_both),
            Player("generator", ("generator",), ACGAN.fool, self.optimizer, of_fakes),
        )

    def judge(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """L_S + L_C: real rows are real and fakes are fake (Equation 2), and each is of its class (Equation 3)."""
        known, labelled = batch.known, batch.labelled is not None
        real, fake = batch.x, self._fakes(batch, key)
        # One pass over all rows: the critic has no batch norm, and one larger product is faster than two.
        rows = jnp.concatenate([fake, real, known.x] if labelled else [fake, real])
        source, classes = self._verdict(rows, stream(key, "critic"))
        on_fake, on_real = source[: fake.shape[0]], source[fake.shape[0] : fake.shape[0] + real.shape[0]]
        class_of_fake, class_of_real = classes[: fake.shape[0]], classes[-known.x.shape[0] :]
        return {
            "real": self.adversarial.real(on_real),
            "fake": self.adversarial.fake(on_fake),
            f"real_{self._label}": self._misread(class_of_real, known.y),
            f"fake_{self._label}": self._misread(class_of_fake, known.y),
            "source_accuracy": accuracy(on_real, on_fake),
            **self._accuracy(class_of_real, known.y),
        }

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """L_C − L_S: fakes want to be called real, and to be taken for the class that was asked for."""
        source, classes = self._verdict(self._fakes(batch, key), stream(key, "fooled critic"))
        y = batch.known.y
        fooling = {"fooling": self.adversarial.fool(source), self._label: self._misread(classes, y)}
        return fooling | self._accuracy(classes, y)

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Distribution:
        """G(c, z)."""
        return self.generator(condition(z, y))

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """The logits of P(C = c | x)."""
        return self._verdict(x)[1]

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of fakes, one for each of these rows and of its class."""
        generator, _ = self.generator.calibrated(self._asked(batch, key), stream(key, "generator"))
        calibrated: Self = eqx.tree_at(lambda game: game.generator, self, generator)
        return calibrated

    def diagnose(self, history: History) -> tuple[str, ...]:
        """A critic that always wins."""
        won = (
            "the critic has told fakes from real rows from the start (accuracy {:.2f}), and a critic that is always "
            "right teaches the generator nothing. Lower {{critic_learning_rate}}, or raise {{critic_dropout}}."
        )
        return collapse_warnings(history, "critic/source_accuracy", won, guessed="", sure=0.99)

    def _fakes(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, "known ..."]:
        """A fake of the class of each row whose class is known: so c is drawn as the data has it.

        The key being the same, the fakes are the same, and so one computation, for both players: critic moves first.
        """
        return self.generator(self._asked(batch.known, key), stream(key, "generator")).mean

    def _asked(self, rows: Batch, key: PRNGKeyArray) -> Float[Array, "known both"]:
        return condition(self.prior.sample(stream(key, "prior"), rows.x.shape[0]), told(self, rows))

    @property
    def _label(self) -> str:
        return "class" if self.reader is None else "condition"

    def _misread(self, logits: Float[Array, "rows outputs"], y: Labels) -> Float[Array, ""]:
        """L_C: −E log P(C = c | x); of conditions, of those that are known."""
        if self.reader is None:
            return _cross_entropy(logits, y)
        return -self.reader(logits).log_prob(y).mean()

    def _accuracy(self, logits: Float[Array, "rows outputs"], y: Labels) -> Terms:
        return {"class_accuracy": _share_right(logits, y)} if self.reader is None else {}

    def _verdict(
        self, x: Float[Array, "rows ..."], key: PRNGKeyArray | None = None
    ) -> tuple[Float[Array, "rows"], Float[Array, "rows classes"]]:
        logits = self.critic(x, key)
        return logits[:, 0], logits[:, 1:]


def _cross_entropy(logits: Float[Array, "rows classes"], y: Int[Array, "rows"]) -> Float[Array, ""]:
    """−E log P(C = y): the cross-entropy of a softmax, taken of the logits themselves."""
    nats: Float[Array, rows] = optax.softmax_cross_entropy_with_integer_labels(logits, y)
    return nats.mean()


def _share_right(logits: Float[Array, "rows classes"], y: Int[Array, "rows"]) -> Float[Array, ""]:
    return (jnp.argmax(logits, axis=1) == y).mean()
