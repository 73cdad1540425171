"""Which models there are: one table that exports, loading, the terminal and the contract suites follow from."""

from importlib import import_module
from typing import Any, NamedTuple


class Model(NamedTuple):
    """A model.

    Attributes:
        name: its estimator, which is what Python users import.
        terminal: what it is called in the terminal.
        module: the file of its estimator in `latently.estimators`.
        about: what it is, in a line.
        examples: what may follow `latently fit MODEL`.
    """

    name: str
    terminal: str
    module: str
    about: str
    examples: tuple[str, ...]

    def load(self) -> Any:
        """The estimator; only its own module is imported."""
        return getattr(import_module(f"latently.estimators.{self.module}"), self.name)


# fmt: off
MODELS = (
    Model("VAE", "vae", "vae", "variational autoencoder: a KL term gives the codes the prior's shape", (
        "--data mnist --preset vae-2d",
        "--data photos/ --network conv --latent-dim 32",
        "--data table.csv --labels-column species --hidden 64,32 --warm-up-epochs 10",
        "--preset vae-mlp --print-config > my.yaml",
        "--config my.yaml --data mnist --beta 4")),
    Model("FactorVAE", "factor-vae", "factor_vae",
          "VAE whose codes have independent dimensions, by a critic; or the beta-TCVAE, without one", (
        "--data digits --latent-dim 8",
        "--data sprites.npy --preset factor-vae --gamma 20",
        "--data mnist --preset beta-tcvae")),
    Model("ConditionalVAE", "cvae", "conditional_vae",
          "VAE that is told the class: draws any class, and rewrites a row as another", (
        "--data mnist --latent-dim 20",
        "--data mnist --latent-dim 2 --corruption gaussian:0.5",
        "--data table.csv --labels-column species --hidden 64,32")),
    Model("SemiSupervisedVAE", "m2", "semi_supervised_vae",
          "VAE with class and style: classifies from a few labels, clusters without any", (
        "--data mnist --labels 100",
        "--data mnist --labels 100 --repeats 5 --no-report",
        "--data mnist --labels 0 --n-clusters 20")),
    Model("StackedSemiSupervisedVAE", "m1m2", "stacked_semi_supervised_vae",
          "M2 on the codes of a VAE: classifies from fewer labels still", (
        "--data mnist --labels 100",
        "--data mnist --labels 100 --first runs/vae-mnist-1")),
    Model("AuxiliaryDeepGenerativeModel", "adgm", "auxiliary_deep_generative_model",
          "M2 with an auxiliary variable: classifies from few labels, trained in one stage; or the skip model", (
        "--data mnist --labels 100",
        "--data mnist --labels 100 --preset sdgm",
        "--data mnist --labels 100 --preset adgm --consistency-weight 1")),
    Model("AAE", "aae", "aae",
          "adversarial autoencoder: a critic shapes the codes, as any prior, tied to labels or not", (
        "--data digits --prior star",
        "--data mnist --preset aae-mlp --prior uniform --labels 0",
        "--data mnist --preset aae-mlp --prior star --labels 1000",
        "--preset aae-gaussian --print-config > my.yaml")),
    Model("SupervisedAAE", "supervised-aae", "supervised_aae",
          "AAE that is told the class: the code is the style alone, of any prior", (
        "--data digits",
        "--data mnist --latent-dim 2 --prior uniform")),
    Model("SemiSupervisedAAE", "semi-supervised-aae", "semi_supervised_aae",
          "AAE with class and style: classifies from a few labels, maps in 2-D", (
        "--data mnist --labels 100",
        "--data mnist --labels 1000 --representation sum --latent-dim 2",
        "--data mnist --labels 100 --repeats 5 --no-report")),
    Model("ClusteringAAE", "clustering-aae", "semi_supervised_aae",
          "AAE with cluster and style: finds kinds of rows without any label", (
        "--data digits --n-clusters 16",
        "--data photos/ --network conv --n-clusters 30")),
    Model("ACGAN", "acgan", "acgan",
          "GAN that is told the class: draws any class, and tells classes apart; it encodes nothing", (
        "--data digits --network conv --epochs 100",
        "--data mnist --preset acgan-small")),
    Model("ACCA", "acca", "acca",
          "adversarial CCA of two views or more: one code from any of them, missing views completed", (
        "--data mnist --views halves --preset acca-halves",
        "--data photos/ --views before=2019,after=2024 --network conv",
        "--data patients.csv --views 'blood=hb+wbc_*,scan=voxel_*' --labels-column outcome")),
    Model("VCCA", "vcca", "vcca",
          "variational CCA of two views or more: one code that explains all, and a private one for each", (
        "--data mnist --views halves --latent-dim 50 --code-dropout 0.2",
        "--data mnist --views noisy --preset vcca-private")),
    Model("Autoencoder", "autoencoder", "autoencoder",
          "plain autoencoder, for comparison: codes that decode well, of no given shape", (
        "--data digits",
        "--data mnist --preset autoencoder --latent-dim 2")),
    Model("DenoisingAutoencoder", "denoising-autoencoder", "autoencoder",
          "autoencoder that is shown corrupted rows and gives the clean ones back", (
        "--data mnist --preset denoising-autoencoder",
        "--data photos/ --network conv --corruption gaussian:0.3")),
    Model("ContractiveAutoencoder", "contractive-autoencoder", "autoencoder",
          "autoencoder whose codes move little when rows do", (
        "--data mnist --preset contractive-autoencoder",
        "--data digits --contraction 1")),
)
# fmt: on
"""The models, in the order in which they are listed."""

BY_NAME = {model.name: model for model in MODELS}
BY_TERMINAL_NAME = {model.terminal: model for model in MODELS}


def models_that_may(ability: str) -> tuple[Model, ...]:
    """The models that can have an ability, a key of `latently.abilities.ABILITIES`, in order; all are imported.

    Example:
        >>> [model.name for model in models_that_may("complete")]
        ['ACCA', 'VCCA']
    """
    from latently.abilities import may

    return tuple(model for model in MODELS if may(model.load().game_type, ability))
