"""The gallery of the documentation: every model on digits, on a table and on curves, by the terminal's own commands.

Run as `python -m benchmarks.gallery`: trains what `results/gallery/measured.json` lacks (about half a minute each on
a busy machine), keeps a small picture of each in docs/images/gallery and writes docs/gallery.md. `--page` writes the
page anew, and trains nothing.
"""

import argparse
import contextlib
import io
import json
import os
import shlex
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA

from benchmarks.measure import machine
from latently import figures, load, open_dataset
from latently.catalogue import BY_TERMINAL_NAME
from latently.cli import main as latently
from latently.evaluation import as_table
from latently.files import write_atomically

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "gallery" / "measured.json"
PAGE, PICTURES = ROOT / "docs" / "gallery.md", ROOT / "docs" / "images" / "gallery"
WIDTH, COLOURS, MOST_BYTES = 520, 64, 40_000

DATA = {
    "digits": ("Digits", "1,797 images of 8 × 8 pixels that ship with scikit-learn", "--data digits"),
    "wine": ("Wine", "178 wines, 13 measurements, 3 cultivars", "--data wine.csv --labels-column cultivar"),
    "waves": ("Waves", "600 series of 32 steps: sines, squares and saws, under noise", "--data waves.npz"),
}
VIEWS = {
    "digits": "--data digits --views halves",
    "wine": "--data wine.csv --labels-column cultivar --views 'taste=alcohol+malic_acid+ash+alcalinity_of_ash+"
    "magnesium+total_phenols,look=flavanoids+nonflavanoid_phenols+proanthocyanins+color_intensity+hue+od280*+proline'",
    "waves": "--data halves.npz --views first=first,second=second",
}
NAMES = {"digits": ("left", "right"), "wine": ("taste", "look"), "waves": ("first", "second")}
EPOCHS = {"digits": 40, "wine": 150, "waves": 60}
LABELS = {"digits": 100, "wine": 15, "waves": 15}


class Way(NamedTuple):
    """How a model is shown.

    Attributes:
        options: of the fit.
        picture: the command that draws it, where rows are pictures or curves; nothing: its codes are drawn.
        number: the measure that stands for it.
    """

    options: str
    picture: str
    number: str


_COMPLETED = "root mean squared error, SECOND completed"
_EACH, _REBUILT = "sample RUN --labels all --n 8", "reconstruct RUN DATA --part test"
WAYS = {
    "vae": Way("--latent-dim 2", "manifold RUN --rows 12", "negative evidence lower bound"),
    "factor-vae": Way("--latent-dim 2", "manifold RUN --rows 12", "negative evidence lower bound"),
    "cvae": Way("--latent-dim 4", "restyle RUN DATA --n 8", "negative evidence lower bound given the label"),
    "m2": Way("--labels LABELS --latent-dim 4", _EACH, "classification error"),
    "m1m2": Way("--labels LABELS", _EACH, "classification error"),
    "adgm": Way("--labels LABELS --latent-dim 4", _EACH, "classification error"),
    "aae": Way("--latent-dim 2", "", "MMD to the prior, relative"),
    "supervised-aae": Way("--latent-dim 4", "restyle RUN DATA --n 8", "variance explained"),
    "semi-supervised-aae": Way("--labels LABELS --latent-dim 4", _EACH, "classification error"),
    "clustering-aae": Way("--n-clusters CLUSTERS --latent-dim 4", _EACH, "accuracy by Hungarian matching"),
    "acgan": Way("", _EACH, "classification error"),
    "acca": Way("--latent-dim 8", "complete RUN DATA --part test --given FIRST", _COMPLETED),
    "vcca": Way("--latent-dim 8", "complete RUN DATA --part test --given FIRST", _COMPLETED),
    "autoencoder": Way("--latent-dim 2", _REBUILT, "variance explained"),
    "denoising-autoencoder": Way("--latent-dim 8", "denoise RUN DATA --part test", "variance explained"),
    "contractive-autoencoder": Way("--latent-dim 2", _REBUILT, "variance explained"),
}
"""Model → how it is shown, in the order of the page."""


def main() -> None:
    """Train what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", action="store_true", help="write the page anew, and train nothing")
    parser.add_argument("--only", action="append", metavar="MODEL/DATA", help="this one alone, again")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    wanted = options.only or [f"{model}/{data}" for data in DATA for model in WAYS if f"{model}/{data}" not in found]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_data()
        for name in () if options.page else wanted:
            found[name] = shown(*name.split("/"))
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            print(name, found[name]["seconds"], flush=True)
            write_atomically(RESULTS, (json.dumps(found, indent=1) + "\n").encode())
    PAGE.write_text(page(found), encoding="utf-8")


def write_data() -> None:
    """The files that the commands name, in the current folder."""
    wine = load_wine(as_frame=True)
    frame = wine.data.rename(columns=lambda name: name.replace("/", "_"))
    frame.assign(cultivar=np.array(["A", "B", "C"])[wine.target]).to_csv("wine.csv", index=False)
    random = np.random.default_rng(0)
    kinds, phases = np.repeat(np.arange(3), 200), random.uniform(0, 1, 600)
    turns = phases[:, None] + np.linspace(0, 2, 32) * random.uniform(0.8, 1.2, 600)[:, None]
    shapes = np.stack([np.sin(2 * np.pi * turns), np.sign(np.sin(2 * np.pi * turns)), 2 * (turns % 1) - 1])
    series = shapes[kinds, np.arange(600)] + 0.1 * random.normal(size=(600, 32))
    order = random.permutation(600)
    x, y = series[order, :, None].astype(np.float32), np.array(["sine", "square", "saw"])[kinds[order]]
    np.savez("waves.npz", x=x, y=y)
    np.savez("halves.npz", first=x[:, :16], second=x[:, 16:], y=y)


def shown(model: str, data: str) -> dict[str, Any]:
    """A model, trained on a data set: the commands, the seconds, what the evaluation says; its picture is kept."""
    way, several = WAYS[model], model in ("acca", "vcca")
    source = (VIEWS if several else {name: options for name, (_, _, options) in DATA.items()})[data]
    given = {"LABELS": LABELS[data], "CLUSTERS": 16 if data == "digits" else 3}
    chosen = " ".join(str(given.get(word, word)) for word in way.options.split())
    fit = " ".join(f"fit {model} {source} {chosen} --hidden 128 --epochs {EPOCHS[data]}".split())
    began = time.monotonic()
    run(f"{fit} --no-report --quiet --out run")
    seconds = time.monotonic() - began
    rows = source.split()[1]
    drawing = way.picture.replace("DATA", rows).replace("FIRST", NAMES[data][0])
    picture = Path("picture.png")
    drawn = bool(drawing) and data != "wine" and run(f"{drawing.replace('RUN', 'run')} --out {picture}", strict=False)
    if not drawn:
        figures.save(codes(source), picture)
    keep(picture, PICTURES / f"{model}-{data}.png")
    evaluation = json.loads(Path("run/evaluation.json").read_text())
    lines = {line.name: [line.value, line.unit] for line in as_table(evaluation) if line.value is not None}
    for path in (Path("picture.png"), *sorted(Path("run").rglob("*"), reverse=True), Path("run")):
        path.rmdir() if path.is_dir() else path.unlink()
    return {
        "fit": f"latently {fit}",
        "picture": f"latently {drawing}" if drawn else "",
        "seconds": round(seconds, 1),
        "measures": lines,
        "machine": machine(),
    }


def run(words: str, *, strict: bool = True) -> bool:
    """Run a command of the terminal; whether it went well."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = latently(shlex.split(words))
    if code and strict:
        raise SystemExit(f"latently {words}\n{err.getvalue()}")
    return code == 0


def codes(source: str) -> Any:
    """The codes of the test rows by class, over their two widest directions; of a model without, rows that it draws."""
    model = load("run")
    words = shlex.split(source)
    given = {name[2:].replace("-", "_"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    test = open_dataset(given.pop("data"), **given).test
    if not hasattr(model, "transform"):
        return figures.table_samples(model.sample(len(test.x), random_state=0), test.x)
    z = model.transform(test.rows if "views" in given else test.x)
    z = z if z.shape[1] == 2 else PCA(2).fit_transform(z)
    return figures.codes(z, test.labels, test.classes)


def keep(picture: Path, path: Path) -> None:
    """A picture as wide as the page shows it, in few colours; a tall one is made smaller."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(picture).convert("RGB")
    for width in range(min(WIDTH, image.width), 0, -40):
        small = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            return


def page(found: dict[str, Any]) -> str:
    """docs/gallery.md, of what was found."""
    whole = sum(each["seconds"] for each in found.values()) / 60
    missing = len(DATA) * len(WAYS) - len(found)
    text = [
        "# Gallery",
        "Every model on three small data sets, each made by the line below it. "
        f"All of it is made by `python -m benchmarks.gallery`, files of data included: {len(found)} trainings with "
        f"their evaluation in {whole:.0f} minutes, one after the other, on two CPU cores that were busy "
        "with other work, so that times are upper bounds. Numbers are of one seed, of rows that were kept from "
        "training, of small networks and short trainings: they show what you get in so many seconds, not what a model "
        "can reach. "
        "What stands in brackets is what simpler methods reach on the same rows."
        + (f" {missing} of them have not been trained yet: the same command goes on." if missing else ""),
    ]
    for data, (title, about, _) in DATA.items():
        text += [f"## {title}", f"{about}.", '<div class="gallery" markdown>']
        for model in WAYS:
            if each := found.get(f"{model}/{data}"):
                text += [card(model, data, each)]
        text += ["</div>"]
    return "\n\n".join(text) + "\n"


def card(model: str, data: str, each: dict[str, Any]) -> str:
    """One picture with its number, command and time."""
    name, about = BY_TERMINAL_NAME[model].name, BY_TERMINAL_NAME[model].about
    measures = each["measures"]
    wanted = (WAYS[model].number.replace("SECOND", NAMES[data][1]), "variance explained", "classification error")
    measure = next(each_name for each_name in wanted if each_name in measures)
    others = [other for other in measures if other.startswith(f"{measure}, by ")]
    beside = (
        f" ({'; '.join(f'{worded(*measures[each])} {each[len(measure) + 2 :]}' for each in others)})" if others else ""
    )
    drawn = (
        f"`{each['picture']}`"
        if each["picture"]
        else "Drawn: the codes of rows that were kept from training, by class."
    )
    if not each["picture"] and model == "acgan":
        drawn = "Drawn: rows of its making beside rows that were kept from training."
    blocks = [
        '<div class="exhibit" markdown>',
        f"### {name} on {data}",
        f"![{about}](images/gallery/{model}-{data}.png)",
        f"{measure}: **{worded(*measures[measure])}**{beside}. {each['seconds']:.0f} seconds.",
        f"```sh\n{each['fit']}\n```",
        drawn,
        "</div>",
    ]
    return "\n\n".join(blocks)


def worded(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{value:.3g} {unit}".strip()


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "100")
    main()
