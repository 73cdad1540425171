"""Who is measured against whom, and how much faster Latently has to be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """Another library's training of the same model.

    Attributes:
        title: what the table calls it.
        environment: the folder of `benchmarks/.peers` that it runs in.
        script: the file of `benchmarks/peers`.
        arguments: of the script.
        floor: Latently's samples a second over the peer's must reach this; `None` for rows that only inform.
    """

    title: str
    environment: str
    script: str
    arguments: tuple[str, ...] = ()
    floor: float | None = None


@dataclass(frozen=True)
class Contest:
    """One training of Latently's, the peers that train the same, and the share of the machine's rate it must reach."""

    preset: str
    title: str
    peers: tuple[Peer, ...]
    share_floor: float | None = None


def pytorch(
    script: str, *arguments: str, title: str = "eager PyTorch", floor: float | None = None
) -> tuple[Peer, Peer]:
    """A script of PyTorch, with the Adam that it has by default, and with the fused one."""
    return (
        Peer(title, "torch", script, arguments, floor),
        Peer(f"{title}, fused Adam", "torch", script, (*arguments, "--fused"), floor),
    )


LOADER = ("--loading", "dataloader")

CONTESTS = (
    Contest(
        "vae-2d",
        "VAE 784-256-2, batch 100",
        (
            Peer("Keras fit", "tensorflow", "keras_vae.py", floor=3.5),
            Peer("Keras fit, tuned", "tensorflow", "keras_vae.py", ("--tuned",)),
            Peer("Pythae", "torch", "pythae_vae.py", floor=3.5),
        ),
    ),
    Contest("vae-conv", "convolutional VAE 32-64, batch 128", pytorch("torch_conv_vae.py", floor=1.2)),
    Contest(
        "aae-gaussian",
        "AAE 784-512-512-10, batch 64",
        (
            Peer("PyTorch, DataLoader", "torch", "torch_aae_gaussian.py", LOADER, floor=5.0),
            Peer("PyTorch, DataLoader, fused Adam", "torch", "torch_aae_gaussian.py", (*LOADER, "--fused")),
            *pytorch("torch_aae_gaussian.py", "--loading", "memory", title="PyTorch, in memory", floor=2.0),
        ),
    ),
    Contest("aae-mlp", "AAE 784-1000-1000-2, batch 128", pytorch("torch_aae_mlp.py"), share_floor=0.65),
    Contest(
        "aae-semi-supervised",
        "semi-supervised AAE 784-1000-1000-(10, 10), 100 labels, batch 128",
        pytorch("torch_semi_supervised_aae.py", floor=2.0),
    ),
    Contest(
        "aae-clustering",
        "clustering AAE 784-1000-1000-(30, 5), batch 128",
        pytorch("torch_semi_supervised_aae.py", "--clustering"),
    ),
    Contest("cvae", "conditional VAE 784-500-500-20, batch 128", pytorch("torch_cvae.py")),
    Contest("m2", "M2 784-500-50, 10 classes, 100 labels, batch 128", pytorch("torch_m2.py")),
    Contest(
        "acca-halves",
        "ACCA of halves 392-256-256-100, batch 256",
        (
            Peer("Keras train_on_batch", "tensorflow", "keras_acca.py", floor=4.0),
            Peer("Keras train_on_batch, tuned", "tensorflow", "keras_acca.py", ("--tuned",)),
            *pytorch("torch_acca.py"),
        ),
    ),
    Contest(
        "acgan-mnist",
        "ACGAN 128-256-128 against 32-64-128-256, batch 32",
        (
            Peer("Keras train_on_batch", "tensorflow", "keras_acgan.py", floor=2.0),
            *pytorch("torch_acgan.py", floor=1.3),
        ),
    ),
)

STARTUP_FLOORS = {"import latently": 0.5, "latently --help": 0.7, "latently fit vae --help": 3.0}
"""Seconds that each may take, warm."""

ANSWER_FLOOR = 1.2
"""A fitted model's rows a second over PyTorch's, at the batch at which that is fastest, must reach this."""
ONE_ROW_MS, FIRST_CALL_SECONDS = 0.3, 1.0
"""How long one row through `transform` may take, and the first call in a process whose programs are in the cache."""

STREAMING_BYTES = 20 * 10**9
STREAMING_FLOOR_BYTES = 2 * 10**9
"""The resident set may not reach this while a memory map of `STREAMING_BYTES` is streamed."""
