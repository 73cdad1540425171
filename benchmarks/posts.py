"""The pictures of the posts: `python -m benchmarks.posts` fits the models of docs/posts and draws what they learned.

The models are those of the posts, on the digits that come with scikit-learn: a few minutes on two cores. With
`--data mnist` they learn MNIST, in fewer epochs, since it has more rows. Each picture is drawn twice, with English
words for docs/posts and with Korean ones for docs/ko/posts; `--language korean` draws those alone, `--only vae` the
pictures of one post.
"""

import argparse
import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import matplotlib
import numpy as np
from jaxtyping import Float, Shaped
from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageSequence

from latently import (
    AAE,
    ACCA,
    ACGAN,
    VAE,
    ClusteringAAE,
    ConditionalVAE,
    SemiSupervisedAAE,
    SemiSupervisedVAE,
    SupervisedAAE,
    figures,
    open_dataset,
)
from latently.data import Splits
from latently.figures.film import STRIP
from latently.figures.style import INK, PAPER
from latently.files import write_atomically

Language: TypeAlias = Literal["english", "korean"]

FRAME_MILLISECONDS = 80
FOLDER = Path(__file__).parents[1] / "docs" / "images" / "posts"
HANGUL = ("Noto Sans CJK KR", "Noto Sans CJK JP", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo")
"""Faces with Hangul. One file holds all the CJK faces of Noto, and matplotlib lists it by the first of them, JP."""

FINE: dict[str, Any] = dict(likelihood="gaussian", likelihood_scale=0.2, output="sigmoid")
"""A pixel is to be right to a fifth of its range; a Bernoulli pixel asks less of the code."""

WORDS: dict[str, tuple[str, str]] = {
    "vae-film": ("round {round:,} · epoch {epoch:.1f}", "라운드 {round:,} · 에포크 {epoch:.1f}"),
    "vae-manifold": ("The plane of codes, decoded", "복호화한 잠재공간 평면"),
    "vae-sizes": ("Reconstructions with codes of three sizes", "코드 크기에 따른 재구성"),
    "vae-denoised": ("Noisy digits, cleaned", "잡음이 섞인 숫자의 복원"),
    "cvae-hands": ("One hand, ten digits", "한 사람의 필체로 쓴 열 개의 숫자"),
    "cvae-styles": ("One class, many hands", "같은 숫자, 여러 필체"),
    "m2-samples": ("M2 with 100 labels: draws of each digit", "레이블 100개로 학습한 M2의 숫자별 표본"),
    "aae-free": ("Normal prior, no labels", "정규 사전분포, 레이블 없음"),
    "aae-normal": ("Normal prior, tied to labels", "정규 사전분포, 레이블과 연결"),
    "aae-star": ("Star, tied to labels", "별 모양 사전분포, 레이블과 연결"),
    "aae-swiss-roll": ("Swiss roll, tied to labels", "스위스 롤 사전분포, 레이블과 연결"),
    "aae-samples": ("Draws from each petal of the star", "별의 꽃잎마다 뽑은 표본"),
    "aae-style": ("The style of a row under every label", "한 숫자의 필체를 모든 레이블로"),
    "aae-few-labels": ("100 labels: draws of each digit", "레이블 100개: 숫자별 표본"),
    "aae-clusters": ("16 clusters, no labels: draws of each", "레이블 없이 찾은 군집 16개의 표본"),
    "aae-map": ("A map from 100 labels", "레이블 100개로 그린 2차원 지도"),
    "acca-left": ("The left half given", "왼쪽 절반이 주어졌을 때"),
    "acca-right": ("The right half given", "오른쪽 절반이 주어졌을 때"),
    "acca-samples": ("Draws from the prior, both halves", "사전분포에서 뽑은 두 절반"),
    "acgan-digits": ("Ten draws of each digit", "숫자마다 뽑은 표본 열 개"),
    "acgan-styles": ("The same noise under every label", "같은 잡음을 모든 레이블로"),
    "original": ("original", "원본"),
    "noisy": ("noisy", "잡음 추가"),
    "cleaned": ("cleaned", "복원"),
    "size": ("{size} numbers", "{size}차원"),
    "given": ("given", "주어짐"),
    "completed": ("completed", "완성"),
    "true": ("true", "정답"),
}
"""All that is written in the pictures, in English and in Korean; the name of a picture has its title."""

Say: TypeAlias = Callable[[str], str]


class Picture(NamedTuple):
    """A picture that is drawn once in each language.

    Attributes:
        name: of its file, and of its title in `WORDS`.
        draw: the figure, given what says a word in the language; or a film.
    """

    name: str
    draw: "Callable[[Say], Figure] | Film"


class Film:
    """Records the codes of some rows while a model learns: often at first, when most happens."""

    def __init__(self, model: Any, part: Any, until: int, frames: int = 40) -> None:
        self.frames: list[tuple[int, Float[np.ndarray, "rows 2"]]] = []
        self.epochs: list[float] = []
        self.model, self.rows, self.labels, self.classes = model, part.x[:500], part.labels[:500], part.classes
        self._stops = np.unique(np.ceil(until * np.linspace(0, 1, frames) ** 2).astype(int)[1:])

    def next_stop(self, round_: int) -> int | None:
        """The round of the next frame."""
        later = self._stops[self._stops > round_]
        return int(later[0]) if len(later) else None

    def __call__(self, trainer: Any, progress: Any) -> None:
        """Take a frame, if this is the round for one."""
        if progress.round in self._stops or progress.round == progress.until:
            self.frames.append((progress.round, self.model.peek(trainer, self.rows)))
            self.epochs.append(progress.epoch)

    def write(self, path: Path, caption: str, face: Path | None) -> None:
        """Write the film; where a face is given, with captions of our own in the place of the English ones."""
        limits = self.model.prior_support()
        figures.latent_film(self.frames, self.labels, self.classes, limits=limits, background=prior_of(self.model),
                            path=path, rounds_per_epoch=self.frames[-1][0] / self.epochs[-1])  # fmt: skip
        if face is None:
            return
        with Image.open(path) as film:
            sheets = [frame.convert("RGB") for frame in ImageSequence.Iterator(film)]
            hold = film.info["duration"]
            film.seek(0)
            palette = film.copy()
        font = ImageFont.truetype(str(face), 14)
        for sheet, (round_, _), epoch in zip(sheets, self.frames, self.epochs, strict=True):
            pen = ImageDraw.Draw(sheet)
            pen.rectangle((0, 0, sheet.width, STRIP - 1), fill=PAPER)
            pen.text((16, STRIP // 2), caption.format(round=round_, epoch=epoch), fill=INK, font=font, anchor="lm")
        first, *others = [sheet.quantize(palette=palette, dither=Image.Dither.NONE) for sheet in sheets]
        durations = [FRAME_MILLISECONDS] * len(others) + [hold]
        first.save(path, save_all=True, append_images=others, duration=durations, loop=0)


def vae(data: Splits, epochs: Callable[[int], int]) -> Iterator[Picture]:
    """A plane, codes of three sizes, and noise that is taken off."""
    train, test = data.train.x, data.test.x
    model = VAE(latent_dim=2, hidden=(256, 128), batch_size=32, epochs=epochs(150), random_state=0)
    film = Film(model, data.test, until=epochs(150) * -(-len(train) // 32))
    model.fit(train, observers=[film])
    yield Picture("vae-film", film)
    plane = model.manifold(12)
    yield Picture("vae-manifold", lambda say: figures.manifold(plane, model.prior_support(), title=say("vae-manifold")))

    lines = {"original": test[:12]}
    for size in (2, 5, 20):
        sized = VAE(size, hidden=(256, 128), epochs=epochs(100), random_state=0, **FINE).fit(train)
        lines[str(size)] = sized.reconstruct(test[:12])

    def sizes(say: Say) -> Figure:
        heads = [say("original"), *(say("size").format(size=size) for size in list(lines)[1:])]
        return rows_of(list(lines.values()), heads, say("vae-sizes"))

    yield Picture("vae-sizes", sizes)

    random = np.random.default_rng(0)
    noisy = np.clip(test[:12] + random.normal(0, 0.3 * 255, test[:12].shape), 0, 255).astype(np.uint8)
    cleaner = VAE(latent_dim=8, hidden=(256, 128), corruption="gaussian:0.3", epochs=epochs(150), random_state=0)
    cleaned = cleaner.fit(train).reconstruct(noisy)
    heads = ("original", "noisy", "cleaned")
    yield Picture(
        "vae-denoised",
        lambda say: rows_of([test[:12], noisy, cleaned], [say(head) for head in heads], say("vae-denoised")),
    )


def cvae_and_m2(data: Splits, epochs: Callable[[int], int]) -> Iterator[Picture]:
    """Digits in the hand of others, and draws of a model that knew a hundred labels."""
    train, test, digits = data.train, data.test, np.arange(10)
    model = ConditionalVAE(latent_dim=8, hidden=(256, 128), epochs=epochs(100), random_state=0, **FINE)
    model.fit(train.x, train.labels)
    shown = test.x[[int(np.argmax(test.labels == digit)) for digit in digits[:6]]]
    restyled = model.restyle(shown)
    yield Picture("cvae-hands", lambda say: under_each(shown, restyled, say, "cvae-hands"))
    yield of_each("cvae-styles", model.sample(100, labels=np.repeat(digits, 10), random_state=0))

    m2 = SemiSupervisedVAE(latent_dim=8, hidden=(200,), epochs=epochs(60), random_state=0).fit(train.x, few(data))
    yield of_each("m2-samples", m2.sample(100, labels=np.repeat(digits, 10), random_state=0))


def aae(data: Splits, epochs: Callable[[int], int]) -> Iterator[Picture]:
    """Priors of several shapes, tied to labels or not; and the forms with a class of their own."""
    train, test, digits = data.train, data.test, np.arange(10)
    common = dict(hidden=(256, 128), critic_hidden=(128, 128), dropout=0.1, batch_size=64, random_state=0)
    for name, prior in {"aae-free": "normal", "aae-normal": "normal", "aae-star": "star", "aae-swiss-roll":
                        "swiss-roll"}.items():  # fmt: skip
        model = AAE(latent_dim=2, prior=prior, epochs=epochs(250), learning_rate_decay=0.5, **common)
        model.fit(train.x, None if name == "aae-free" else train.labels)
        yield codes_of(name, model, test)
        if name == "aae-star":
            yield of_each("aae-samples", model.sample(100, labels=np.repeat(digits, 10), random_state=0))

    style = SupervisedAAE(latent_dim=8, epochs=epochs(150), **common).fit(train.x, train.labels)
    shown = test.x[[int(np.argmax(test.labels == digit)) for digit in digits[:6]]]
    restyled = style.restyle(shown)
    yield Picture("aae-style", lambda say: under_each(shown, restyled, say, "aae-style"))

    reader = SemiSupervisedAAE(latent_dim=5, epochs=epochs(100), random_state=0).fit(train.x, few(data))
    yield of_each("aae-few-labels", reader.sample(100, labels=np.repeat(digits, 10), random_state=0))

    clusters = ClusteringAAE(n_clusters=16, latent_dim=5, epochs=epochs(100), random_state=0).fit(train.x)
    samples = clusters.sample(16 * 8, labels=np.tile(np.arange(16), 8), random_state=0)
    heads = [str(cluster) for cluster in range(16)]
    yield Picture(
        "aae-clusters",
        lambda say: figures.image_grid(samples, rows=8, column_labels=heads, title=say("aae-clusters")),
    )

    flat = SemiSupervisedAAE(latent_dim=2, representation="sum", epochs=epochs(100), random_state=0)
    yield codes_of("aae-map", flat.fit(train.x, few(data)), test)


def acca(data: Splits, epochs: Callable[[int], int]) -> Iterator[Picture]:
    """Halves that are completed, and drawn."""
    halves = open_dataset(data.train.name, views="halves")
    model = ACCA(latent_dim=16, hidden=(256, 128), critic_hidden=(128, 128), dropout=0.1, batch_size=64,
                 epochs=epochs(60), random_state=0).fit(halves.train.rows)  # fmt: skip
    rows = halves.test.rows[:12]
    whole = {name: rows.view(name) for name in ("left", "right")}
    for given, missing in (("left", "right"), ("right", "left")):
        made = {given: whole[given], missing: model.complete({given: whole[given]})[missing]}
        unknown = {given: whole[given], missing: np.full_like(whole[missing], 128)}
        pictures = [figures.as_images({name: each[name] for name in whole}) for each in (unknown, made, whole)]

        def draw(say: Say, name: str = f"acca-{given}", pictures: list[Any] = pictures) -> Figure:
            return rows_of(pictures, [say(head) for head in ("given", "completed", "true")], say(name))

        yield Picture(f"acca-{given}", draw)
    drawn = figures.as_images(model.sample(25, random_state=0))
    yield Picture("acca-samples", lambda say: figures.image_grid(drawn, rows=5, title=say("acca-samples")))


def acgan(data: Splits, epochs: Callable[[int], int]) -> Iterator[Picture]:
    """Digits that were asked for."""
    digits = np.arange(10)
    model = ACGAN(latent_dim=32, hidden=(256, 256), critic_hidden=(256, 256), critic_dropout=0.3, input_noise=0.1,
                  activation="leaky_relu", averaging=0.999, batch_size=64, epochs=epochs(300), learning_rate=1e-3,
                  momentum=0.5, random_state=0).fit(data.train.x, data.train.labels)  # fmt: skip
    yield of_each("acgan-digits", model.sample(100, labels=np.repeat(digits, 10), random_state=0))
    noise = np.repeat(model.sample_prior(6, random_state=1), 10, axis=0)
    styles, heads = model.inverse_transform(noise, np.tile(digits, 6)), [str(digit) for digit in digits]
    yield Picture(
        "acgan-styles", lambda say: figures.image_grid(styles, rows=6, column_labels=heads, title=say("acgan-styles"))
    )


POSTS: dict[str, Callable[[Splits, Callable[[int], int]], Iterator[Picture]]] = {
    "vae": vae,
    "cvae-and-m2": cvae_and_m2,
    "aae": aae,
    "acca": acca,
    "acgan": acgan,
}


def few(data: Splits) -> Shaped[np.ndarray, "rows"]:
    """The labels of a hundred rows; -1 for the others."""
    return np.where(np.arange(len(data.train)) < 100, data.train.labels, -1)


def rows_of(rows: list[Shaped[np.ndarray, "columns ..."]], heads: list[str], title: str) -> Figure:
    """One row of images under another."""
    return figures.image_grid(np.concatenate(rows), rows=len(rows), row_labels=heads, title=title)


def of_each(name: str, samples: Shaped[np.ndarray, "100 ..."]) -> Picture:
    """Ten draws of each digit, one row a digit."""
    heads = [str(digit) for digit in range(10)]
    return Picture(name, lambda say: figures.image_grid(samples, rows=10, row_labels=heads, title=say(name)))


def under_each(
    rows: Shaped[np.ndarray, "n ..."], restyled: Shaped[np.ndarray, "n 10 ..."], say: Say, name: str
) -> Figure:
    """Rows at the left, and beside them their style under every label."""
    cells = np.concatenate([rows[:, None], restyled], axis=1).reshape(-1, *rows.shape[1:])
    heads = [say("original"), *map(str, range(10))]
    return figures.image_grid(cells, rows=len(rows), column_labels=heads, rule_after=1, title=say(name))


def codes_of(name: str, model: Any, test: Any) -> Picture:
    """Codes of held-out rows over the prior."""
    codes, background = model.transform(test.x), prior_of(model)
    return Picture(
        name, lambda say: figures.codes(codes, test.labels, test.classes, background=background, title=say(name))
    )


def prior_of(model: Any, points: int = 141) -> figures.Background:
    """The prior of a plane of codes: its density, or draws where it has none."""
    axis = np.linspace(*model.prior_support(), points, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    density = model.prior_log_density(grid.reshape(-1, 2))
    if density is None:
        return "points", np.asarray(model.sample_prior(3000, random_state=0))
    return "density", axis, axis, np.exp(density).reshape(points, points)


def face_of(language: Language) -> Path | None:
    """The file of a face that has the language's letters; `None` where matplotlib's own has them."""
    if language == "english":
        return None
    for name in HANGUL:
        with contextlib.suppress(ValueError):
            return Path(font_manager.findfont(name, fallback_to_default=False))
    raise SystemExit("No font has Hangul: install the package fonts-noto-cjk, or draw with --language english alone.")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of few colours: a third of the bytes, and the eye sees no difference."""
    picture = Image.open(io.BytesIO(figures.png(figure, dots_per_inch=110))).convert("RGB").quantize(128, dither=0)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    write_atomically(path, buffer.getvalue())


def write(picture: Picture, language: Language, folder: Path, face: Path | None) -> None:
    """Draw a picture with the words of a language."""
    place = ("english", "korean").index(language)

    def say(word: str) -> str:
        return WORDS[word][place]

    own = folder if language == "english" else folder / "ko"
    own.mkdir(parents=True, exist_ok=True)
    if isinstance(picture.draw, Film):
        picture.draw.write(own / f"{picture.name}.gif", say(picture.name), face)
        return
    family = ["DejaVu Sans", *([] if face is None else [font_manager.FontProperties(fname=face).get_name()])]
    with matplotlib.rc_context({"font.family": family}):
        save(picture.draw(say), own / f"{picture.name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--language", choices=("english", "korean", "both"), default="both")
    parser.add_argument("--only", choices=tuple(POSTS), action="append", help="a post; may be given again")
    parser.add_argument("--epochs", type=float, default=1.0, help="factor on the epochs of every model")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    languages: tuple[Language, ...] = ("english", "korean") if given.language == "both" else (given.language,)
    faces = {language: face_of(language) for language in languages}
    factor = given.epochs * (1.0 if given.data == "digits" else 0.1)
    data = open_dataset(given.data)
    for name in given.only or POSTS:
        for picture in POSTS[name](data, lambda epochs: max(1, round(factor * epochs))):
            for language, face in faces.items():
                write(picture, language, given.out, face)
            print(picture.name, flush=True)


if __name__ == "__main__":
    main()
