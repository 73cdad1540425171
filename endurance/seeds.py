"""Good inputs of every kind that Latently reads, small, which are damaged at random."""

import contextlib
import gzip
import io
import itertools
import random
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from endurance.calls import CALLS
from endurance.damage import NUMBERS

VALUES = (*NUMBERS, "x" * 5000, "[1]", "{}", "none", "-", "1,-1", "../..", "a=b")
"""What is typed in the place of a value that an option can take."""
COUNTS = ("0", "-1", "2.5", "4294967296", "1000000000000", "9223372036854775807", "9223372036854775808", "1" + "0" * 30)
"""What is given where something is counted."""
KINDS = ("array", "image", "table", "store", "hub", "yaml", "run", "words", "counts")
Damage = Callable[[bytes, str, random.Random], bytes]


@dataclass(frozen=True)
class Seed:
    """A good input.

    Attributes:
        kind: one of `KINDS`.
        path: of its file, or its folder.
        files: of a folder, those that may be damaged; all of them unless given.
        commands: the command lines that read it, `{}` standing for its path.
    """

    kind: str
    path: Path
    commands: tuple[tuple[str, ...], ...] = (("open", "{}"),)
    files: tuple[str, ...] = ()

    def laid(self, work: Path, draw: random.Random, damage: Damage) -> list[str]:
        """Put it, damaged, into a folder; the command line that is to be run there."""
        words = list(draw.choice(self.commands))
        if self.kind == "words":
            options = [place for place, word in enumerate(words) if word.startswith("--") and place + 1 < len(words)]
            words[draw.choice(options) + 1] = draw.choice(VALUES)
            words = [word.replace("\x00", "�") for word in words]  # no argument of a process can hold it
            return [word.replace("{}", str(self.path)) for word in words]
        if self.kind == "counts":
            count = draw.choice(COUNTS)
            return [word.replace("COUNT", count).replace("{}", str(self.path)) for word in words]
        target = work / self.path.name
        if self.path.is_dir():
            shutil.copytree(self.path, target)
            chosen = self.files or tuple(
                str(each.relative_to(target)) for each in sorted(target.rglob("*")) if each.is_file()
            )
            files = [target / draw.choice(chosen)]
        else:
            shutil.copy(self.path, target)
            files = [target]
        for file in files:
            file.write_bytes(damage(file.read_bytes(), file.name, draw))
        return [word.replace("{}", target.name) for word in words]


def write_seeds(folder: Path) -> list[Seed]:
    """Write them all into a folder that does not exist yet."""
    folder.mkdir(parents=True)
    kinds = (_arrays, _images, _tables, _stores, _runs, _hubs, _yaml)
    return [seed for write in kinds for seed in write(folder)]


def _arrays(folder: Path) -> Iterator[Seed]:
    rows = np.random.default_rng(0).integers(0, 255, (20, 4, 4)).astype(np.uint8)
    labels = np.arange(20) % 3
    np.save(folder / "rows.npy", rows)
    np.save(folder / "numbers.npy", rows.astype(">f4"))
    np.savez(folder / "plain.npz", X=rows, y=labels)
    np.savez_compressed(folder / "parts.npz", x_train=rows, y_train=labels, x_test=rows[:5], y_test=labels[:5])
    head = b"\x00\x00\x08\x03" + struct.pack(">3I", *rows.shape)
    (folder / "rows.idx").write_bytes(head + rows.tobytes())
    (folder / "rows.idx.gz").write_bytes(gzip.compress(head + rows.tobytes()))
    for name in ("rows.npy", "numbers.npy", "plain.npz", "parts.npz", "rows.idx", "rows.idx.gz"):
        yield Seed("array", folder / name)
    views = (("open", "{}", "views=a=X,b=y"), ("open", "{}", "array=X"), ("open", "{}", "labels_column=y"))
    yield Seed("array", folder / "plain.npz", views)
    idx = folder / "idx"
    idx.mkdir()
    for part in ("train", "t10k"):
        (idx / f"{part}-images-idx3-ubyte").write_bytes(head + rows.tobytes())
        (idx / f"{part}-labels-idx1-ubyte").write_bytes(b"\x00\x00\x08\x01" + struct.pack(">I", 20) + bytes(20))
    yield Seed("array", idx)


def write_pictures(folder: Path) -> None:
    """Write a picture of every kind into a folder."""
    from PIL import Image

    random = np.random.default_rng(0)
    photo = Image.fromarray(random.integers(0, 255, (9, 7, 3)).astype(np.uint8))
    gray = Image.fromarray(random.integers(0, 255, (9, 7)).astype(np.uint8))
    deep = Image.fromarray(random.integers(0, 4000, (9, 7)).astype(np.uint16))
    made = {
        **{f"photo{suffix}": photo for suffix in (".png", ".jpg", ".tif", ".webp", ".bmp")},
        "gray.png": gray,
        "deep.png": deep,
        "deep.tif": deep,
        "palette.gif": photo.convert("P"),
        "palette.png": photo.convert("P"),
        "clear.png": photo.convert("RGBA"),
        "bits.tif": gray.convert("1"),
        "inks.jpg": photo.convert("CMYK"),
        "floats.tif": gray.convert("F"),
    }
    for name, image in made.items():
        image.save(folder / name)
    photo.save(folder / "packed.tif", compression="tiff_lzw")
    photo.save(folder / "turned.jpg", exif=_turned())


def _images(folder: Path) -> Iterator[Seed]:
    alone, many = folder / "pictures", folder / "photos"
    alone.mkdir()
    write_pictures(alone)
    for path in sorted(alone.iterdir()):
        yield Seed("image", path)
    for name, made in {"cats/1.png": "photo.png", "cats/2.jpg": "photo.jpg", "dogs/3.png": "gray.png"}.items():
        (many / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(alone / made, many / name)
    (many / "dogs" / "4.tif").write_bytes((alone / "packed.tif").read_bytes())
    (many / "labels.csv").write_text("filename,label\ncats/1.png,cat\ndogs/3.png,dog\n")
    yield Seed("image", many)


def _turned() -> object:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def _frame() -> "dict[str, list[object]]":
    return {
        "age": [20 + n % 40 for n in range(30)],
        "size": [None if n % 7 == 0 else n / 3 for n in range(30)],
        "town": ["Bonn", "Köln", "Ulm"] * 10,
        "born": [f"19{70 + n % 29}-0{1 + n % 9}-11" for n in range(30)],
        "kind": ["a", "b"] * 15,
    }


def _tables(folder: Path) -> Iterator[Seed]:
    import pandas as pd

    frame = pd.DataFrame(_frame())
    frame.to_csv(folder / "table.csv", index=False)
    frame.to_csv(folder / "table.tsv", sep="\t", index=False)
    frame.to_csv(folder / "packed.csv.gz", index=False)
    (folder / "latin.csv").write_bytes(frame.to_csv(index=False, sep=";", decimal=",").encode("cp1252"))
    (folder / "numbers.csv").write_text("a,b,c\n" + "".join(f"{n},{n * n},{n / 7}\n" for n in range(1, 30)))
    frame.to_parquet(folder / "table.parquet")
    frame.to_excel(folder / "table.xlsx", index=False)
    parts = folder / "parts"
    parts.mkdir()
    for n in range(2):
        frame.to_parquet(parts / f"{n}.parquet")
    plain = ("open", "{}")
    labelled = ("open", "{}", "labels_column=kind")
    for name in ("table.csv", "table.tsv", "packed.csv.gz", "latin.csv", "table.parquet", "table.xlsx", "parts"):
        yield Seed("table", folder / name, (plain, labelled))
    yield Seed("table", folder / "numbers.csv", (plain, ("open", "{}", "views=p=a+b,q=c")))


def _stores(folder: Path) -> Iterator[Seed]:
    import h5py
    import zarr
    from scipy.io import savemat

    rows = np.random.default_rng(0).normal(size=(20, 5)).astype(np.float32)
    labels = np.arange(20) % 3
    savemat(folder / "rows.mat", {"X": rows, "y": labels})
    savemat(folder / "packed.mat", {"X": rows, "y": labels}, do_compression=True)
    with h5py.File(folder / "rows.h5", "w") as file:
        file["X"], file["y"] = rows, labels
        file.create_dataset("packed/X", data=rows, compression="gzip", chunks=(5, 5))
    with h5py.File(folder / "cells.h5ad", "w") as file:
        file["X"] = rows
        for name, index in (("obs", [f"c{n}" for n in range(20)]), ("var", [f"g{n}" for n in range(5)])):
            group = file.create_group(name)
            group.attrs["_index"] = "_index"
            group["_index"] = index
        file["obs"]["kind/categories"], file["obs"]["kind/codes"] = ["a", "b", "c"], labels
    with h5py.File(folder / "sparse.h5ad", "w") as file:
        from scipy.sparse import csr_matrix

        matrix, group = csr_matrix(rows * (rows > 0)), file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", rows.shape
        group["data"], group["indices"], group["indptr"] = matrix.data, matrix.indices, matrix.indptr
        file.create_group("obs"), file.create_group("var")
    store = zarr.open_group(folder / "rows.zarr", mode="w")
    for name, values in (("X", rows), ("y", labels)):
        store.create_array(name, data=values)
    for name in ("rows.mat", "packed.mat", "rows.h5", "rows.zarr"):
        yield Seed("store", folder / name, (("open", "{}"), ("open", "{}", "array=X")))
    yield Seed("store", folder / "cells.h5ad", (("open", "{}"), ("open", "{}", "labels_column=kind")))
    yield Seed("store", folder / "sparse.h5ad")


def _runs(folder: Path) -> Iterator[Seed]:
    """Trained for a moment: a run of images, and one of a table."""
    from latently.cli import main

    run = folder / "run"
    how = ("--hidden", "8", "--latent-dim", "2", "--epochs", "1", "--out", str(run), "--no-report", "--quiet")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if main(["fit", "vae", "--data", "digits", "--sampler", "gaussian-mixture", *how]):
            raise RuntimeError("the run whose files are to be damaged could not be trained.")
    sample = ("sample", "{}", "--n", "4", "--out", "out.npz")
    info, again = ("info", "{}"), ("info", "{}", "--json")
    yield Seed("run", run, (info, again, sample, ("compare", "{}", str(run), "--out", "out.html")), ("config.json",))
    yield Seed("run", run, (info, sample), ("model.safetensors", "sampler.safetensors"))
    yield Seed(
        "run", run, (info, ("compare", "{}", str(run), "--out", "out.html")), ("history.jsonl", "evaluation.json")
    )
    yield Seed(
        "run", run, (info, ("resume", "{}", "--epochs", "2", "--no-report", "--quiet")), ("checkpoint.safetensors",)
    )
    yield Seed("run", run, (("report", "{}"),), ("film.safetensors", "history.jsonl", "evaluation.json"))
    yield Seed("words", run, tuple(_lines_of(str(run))))
    yield Seed("counts", run, (*_counts_of_verbs(), *_counts_of_calls()))
    yield Seed("counts", run, tuple(_counts_of_fits()))


def _counts_of_verbs() -> Iterator[tuple[str, ...]]:
    """Command lines about a model, each with a number that says how many of something."""
    from latently.cli.dimensions import _OPTIONS as DIMENSIONS
    from latently.cli.evaluate import _OPTIONS as EVALUATE
    from latently.cli.tune import _OPTIONS as TUNE
    from latently.cli.verbs import VERBS

    for verb in VERBS.values():
        data = ("digits", "--part", "test") if verb.takes_data else ()
        own = [option for option in verb.options if _counts(option)]
        for option, file in itertools.product(own, ("out.npz", "out.png")):
            yield (verb.name, "{}", *data, "--out", file, *_given(option))
    for option in filter(_counts, EVALUATE):
        yield ("evaluate", "{}", *_given(option))
    for command, options in (("tune", TUNE), ("dimensions", DIMENSIONS)):
        start = ("dimensions", "digits") if command == "dimensions" else ("tune", "vae", "--data", "digits")
        for option in filter(_counts, options):
            yield (*start, *_given(option), "--epochs", "0.01", "--hidden", "4", "--out", "out.png")


def _counts_of_fits() -> Iterator[tuple[str, ...]]:
    """Trainings, each with a number; those that say how long it takes may take as long as they say."""
    from latently.catalogue import MODELS
    from latently.cli.options import FitParser

    for model in MODELS:
        data = ("--data", "digits", *(("--views", "halves") if "cca" in model.terminal else ()))
        for option in FitParser(model.terminal).options.values():
            if _counts(option) and option.name not in ("epochs", "first_epochs"):
                how = ("--epochs", "0.01", "--hidden", "4", "--no-report", "--out", "out")
                yield ("fit", model.terminal, *data, *how, *_given(option))


def _counts(option: Any) -> bool:
    """Whether an option takes whole numbers."""
    from latently.cli.parsing import members, origin

    kinds = members(option.kind)
    return int in kinds or any(origin(kind) in (Sequence, tuple) and int in get_args(kind) for kind in kinds)


def _given(option: Any) -> tuple[str, ...]:
    """An option with as many numbers as it takes."""
    pair = isinstance(option.default, tuple) or "tuple" in str(option.kind)
    return (option.flag, *(["COUNT", "1"] if option.nargs == 2 else ["COUNT,1" if pair else "COUNT"]))


def _counts_of_calls() -> Iterator[tuple[str, ...]]:
    """Calls of Python, each with a number."""
    for call, names in CALLS.items():
        for name in names:
            yield ("call", "{}", call, name, "COUNT")


def _hubs(folder: Path) -> Iterator[Seed]:
    """Repositories of the hub: tables and pictures, with the card that tells of them, and a model."""
    import pandas as pd

    frame = pd.DataFrame(_frame())[["age", "size", "kind"]].fillna(0)
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n"
    card += "".join(f"  - split: {part}\n    path: data/{part}.parquet\n" for part in ("train", "test"))
    card += "dataset_info:\n  features:\n  - {name: age, dtype: int64}\n  - {name: size, dtype: float64}\n"
    card += "  - {name: kind, dtype: string}\n---\n# A table\n"
    told, plain, photos = folder / "told", folder / "plain", folder / "some-photos"
    for place in (told / "data", plain):
        place.mkdir(parents=True)
    (told / "README.md").write_text(card)
    for part in ("train", "test"):
        frame.to_parquet(told / "data" / f"{part}.parquet")
    frame.to_csv(plain / "train.csv", index=False)
    frame.to_csv(plain / "test.csv", index=False)
    shutil.copytree(folder / "photos", photos / "train", ignore=shutil.ignore_patterns("*.csv"))
    for place in (told, plain, photos):
        yield Seed("hub", place, (("open", "hf:ada/{}"), ("open", "hf:ada/{}", "labels_column=kind")))
    model = folder / "model"
    model.mkdir()
    for name in ("config.json", "model.safetensors", "history.jsonl", "clock.jsonl"):
        shutil.copy(folder / "run" / name, model)
    sample = ("sample", "hf://ada/{}", "--n", "2", "--out", "out.npz")
    yield Seed("hub", model, (sample, ("info", "hf://ada/{}")))


def _lines_of(run: str) -> Iterator[tuple[str, ...]]:
    """Command lines, one value of which is to be replaced."""
    out = ("--out", "out.npz")
    yield ("sample", run, "--n", "4", *out)
    yield ("sample", run, "--n", "4", "--seed", "0", "--out", "out.png")
    yield ("encode", run, "digits", "--part", "test", *out)
    yield ("reconstruct", run, "digits", "--part", "validation", *out)
    yield ("interpolate", run, "--steps", "3", "--rows", "1,2", "--seed", "0", *out)
    yield ("manifold", run, "--rows", "3", *out)
    yield ("evaluate", run, "--importance-samples", "2", "--max-rows", "10", "--seed", "0")
    yield ("compare", run, run, "--out", "out.html")
    yield ("export", run, "--out", "out")
    yield ("presets", "--model", "vae")
    fit = ("fit", "vae", "--data", "digits", "--epochs", "0.01", "--hidden", "4", "--latent-dim", "2", "--no-report")
    fit += ("--out", "out")
    for name, value in _OF_FIT.items():
        yield ("fit", "vae", f"--{name}", value, *fit[2:])


_OF_FIT = {
    **{"latent-dim": "2", "batch-size": "100", "learning-rate": "0.01", "random-state": "0", "split-seed": "0"},
    **{"validation": "0.1", "test": "0.1", "labels": "10", "label-seed": "0", "prior": "normal", "network": "mlp"},
    **{"checkpoint-every": "5", "image-size": "8", "kinds": "a=number", "dialect": "decimal=comma", "views": "halves"},
    **{"columns": "a,b", "white-level": "255", "unlabelled": "-1", "beta": "1", "averaging": "0.9", "patience": "2"},
    **{
        "repeats": "1",
        "preset": "vae-2d",
        "corruption": "gaussian:0.1",
        "gradient-clipping": "1",
        "precision": "float32",
    },
    **{"config": "x.yaml", "recipe": "vae-2d", "array": "X", "labels-column": "y", "sampler": "gaussian-mixture"},
}


def _yaml(folder: Path) -> Iterator[Seed]:
    (folder / "options.yaml").write_text(
        "data: digits\nepochs: 0.01\nhidden: [4]\nlatent_dim: 2\nbeta: 1.0\nno_report: true\nout: out\nsplit_seed: 0\n"
    )
    (folder / "recipe.yaml").write_text(
        "about: A small one.\nmodel: vae\noptions:\n  data: digits\n  epochs: 0.01\n  hidden: [4]\n  no-report: true\n"
        "  out: out\nreach:\n  - name: error\n    key: reconstruction.mean_squared_error\n    at_most: 9.0\n"
    )
    (folder / "space.yaml").write_text("latent_dim: {int: [2, 8]}\nlearning_rate: {float: [0.001, 0.01], log: true}\n")
    print_it = ("fit", "vae", "--config", "{}", "--print-config")
    yield Seed("yaml", folder / "options.yaml", (print_it, ("fit", "vae", "--config", "{}", "--epochs", "0.01")))
    yield Seed("yaml", folder / "recipe.yaml", (("fit", "--recipe", "{}", "--print-config"),))
    tune = ("tune", "vae", "--data", "digits", "--search", "{}", "--trials", "1", "--epochs", "0.01")
    tune += ("--hidden", "4", "--no-report", "--out", "out")
    yield Seed("yaml", folder / "space.yaml", (tune,))
