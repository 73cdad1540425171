"""Malformed files and bombs: each is refused in one sentence that names the file. Faults once found stay here."""

import errno
import gzip
import io
import json
import os
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import endurance.calls
import jaxtyping
import numpy as np
import pandas as pd
import pytest
from endurance.bounded import fault_of
from endurance.damage import damaged
from PIL import Image

import latently
from latently import VAE, open_dataset
from latently.cli import main
from latently.data import DataError, images
from latently.data.text_tables import _COUNTED
from latently.errors import ArgumentError
from latently.evaluation import evaluate
from latently.fitted import label_places
from latently.reading import FileError, reading, reason
from latently.recipes import load_recipe
from latently.recipes.recipe import read_yaml
from small_models import as_if_fitted

ROWS = np.random.default_rng(0).integers(0, 255, (20, 4, 4)).astype(np.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model, which nothing was learned by."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    as_if_fitted(VAE(latent_dim=2, hidden=(4,), epochs=1, random_state=0), ROWS).save(folder)
    return folder


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in saved.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has a megabyte left."""
    monkeypatch.setenv("LATENTLY_MEMORY", "1MB")


def packed(path: Path, **members: bytes) -> Path:
    """An archive with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npy_head(shape: str) -> bytes:
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head


def broken_mat(path: Path) -> None:
    from scipy.io import savemat

    savemat(path, {"X": ROWS.reshape(20, 16), "y": np.arange(20)}, do_compression=True)
    content = bytearray(path.read_bytes())
    content[160:200] = bytes(40)
    path.write_bytes(content)


def broken_h5ad(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file["X"], file["obs/_index"], file["var/_index"] = ROWS.reshape(20, 16), np.arange(20), np.arange(16)
    content = bytearray(path.read_bytes())
    content[content.index(b"TREE", 800)] ^= 255
    path.write_bytes(content)


def broken_zarr(path: Path) -> None:
    import zarr

    zarr.open_group(path, mode="w").create_array("X", data=ROWS)
    path.joinpath("zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": [], "": 1}')


def broken_xlsx(path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).to_excel(path, index=False)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    packed(path, **members | {"xl/worksheets/sheet1.xml": members["xl/worksheets/sheet1.xml"][:200]})


def broken_parquet(path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).to_parquet(path)
    content = bytearray(path.read_bytes())
    content[-60:-20] = bytes(40)
    path.write_bytes(content)


def twice(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table([[1, 2], [3, 4]], names=["a", "a"]), path)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "head-that-ends.npy": lambda path: path.write_bytes(npy_head("(20,")),
    "names-for-numbers.npy": lambda path: path.write_bytes(npy_head("(x, 4)")),
    "negative.npy": lambda path: path.write_bytes(npy_head("(-3, 4)") + bytes(20)),
    "dimensions.npy": lambda path: path.write_bytes(npy_head(f"({'1,' * 70})") + bytes(20)),
    "empty-file.npy": lambda path: path.write_bytes(b""),
    "archive.npy": lambda path: np.savez(path.with_suffix(".npz"), X=ROWS) or path.with_suffix(".npz").rename(path),
    "no-zip.npz": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)),
    "no-array.npz": lambda path: packed(path, **{"X.npy": b"words"}),
    "deflate.npz": lambda path: path.write_bytes(
        packed(path, **{"X.npy": npy(ROWS)}).read_bytes().replace(npy(ROWS)[:1], b"\x00", 1)[:-90]
    ),
    "four-terabytes.npz": lambda path: packed(path, **{"X.npy": npy_head("(4000000000000,)") + bytes(9)}),
    "broken.mat": broken_mat,
    "broken.h5ad": broken_h5ad,
    "broken.zarr": broken_zarr,
    "broken.xlsx": broken_xlsx,
    "broken.parquet": broken_parquet,
    "cut.csv.gz": lambda path: path.write_bytes(gzip.compress(b"a,b\n1,2\n3,4\n" * 50)[:-20]),
    "other.csv.gz": lambda path: path.write_bytes(b"a,b\n1,2\n"),
    "flipped.csv.gz": lambda path: path.write_bytes(gzip.compress(os.urandom(500))[:60] + bytes(600)),
    "field.csv": lambda path: path.write_text(f"a,b\n{'x' * 200_000},2\n3,4\n"),
    "head.idx.gz": lambda path: path.write_bytes(gzip.compress(b"\x00\x00\x08\xff" + struct.pack(">255I", *[1] * 255))),
    "head.png": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40)),
    "twice.parquet": twice,
}
"""The name of a file, and what makes it: each was once an error of another kind, or did not name its file."""


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_of_any_kind_is_named_in_a_sentence(name: str, tmp_path: Path) -> None:
    DAMAGED[name](tmp_path / name)
    with pytest.raises(DataError) as caught:
        open_dataset(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert fault_of(2, f"latently: {caught.value}") == ""


def test_two_columns_of_one_name_are_told_of_and_not_called_damage(tmp_path: Path) -> None:
    twice(tmp_path / "twice.parquet")
    with pytest.raises(DataError, match="more than one column named 'a'"):
        open_dataset(tmp_path / "twice.parquet")


def test_what_the_system_does_not_give_keeps_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(ROWS[0]).save(tmp_path / "a.png")

    def refused(*args: object, **how: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "a.png"))

    monkeypatch.setattr(Image, "open", refused)
    with pytest.raises(PermissionError, match=r"Permission denied: .*a\.png"):
        open_dataset(tmp_path / "a.png")
    with pytest.raises(PermissionError, match=r"lost\.npy"), reading(tmp_path / "lost.npy", "NumPy file", "look"):
        raise PermissionError(errno.EACCES, "Permission denied")  # which names no file


def test_a_damaged_model_is_named_whatever_of_it_is_damaged(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads((model / "config.json").read_text())
    arrays = (model / "model.safetensors").read_bytes()
    for parameters in ({"hidden": [8] * 100_000}, {"hidden": [10**6] * 2}, {"hidden": "x"}, {"latent_dim": 10**30}):
        (model / "config.json").write_text(json.dumps(config | {"parameters": config["parameters"] | parameters}))
        with pytest.raises(ValueError, match=r"model/(config\.json is damaged|model\.safetensors does not fit)"):
            latently.load(model)
    for content in (b"[" * 100_000 + b"]" * 100_000, b"\xff\xfe{}", b'{"format": 1', b"[]", b'{"format": 1}'):
        (model / "config.json").write_bytes(content)
        with pytest.raises(FileError, match=r"config\.json is damaged") as caught:
            latently.load(model)
        assert fault_of(2, f"latently: {caught.value}") == ""
    (model / "config.json").write_text(json.dumps(config))
    for content in (struct.pack("<Q", 2**60) + b"{}", arrays[:100], b"", struct.pack("<Q", 2) + b"[]"):
        (model / "model.safetensors").write_bytes(content)
        with pytest.raises(FileError, match=r"model\.safetensors is damaged"):
            latently.load(model)
        assert main(["info", str(model)]) == 2
        assert "model.safetensors is damaged" in capsys.readouterr().err


def test_a_field_of_another_type_is_told_of_and_the_folder_named(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((model / "config.json").read_text())
    for odd in ({"run": []}, {"parameters": 3}, {"run": {"rows": 4}}, {"preprocessing": {"columns": [1]}}):
        (model / "config.json").write_text(json.dumps(config | odd))
        assert main(["info", str(model)]) == 2
        said = capsys.readouterr().err
        assert str(model) in said
        assert fault_of(2, said) == ""


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("name", ["zeros.npz", "zeros.idx", "zeros.h5", "zeros.mat", "zeros.xlsx", "line.csv.gz"])
def test_what_a_file_says_that_it_holds_is_asked_for_before_it_is_read(name: str, tmp_path: Path) -> None:
    path, zeros = tmp_path / name, np.zeros((2**12, 2**10), np.uint8)
    if name == "zeros.npz":
        np.savez_compressed(path, X=zeros)
    elif name == "zeros.idx":
        path.write_bytes(b"\x00\x00\x08\x02" + struct.pack(">2I", *zeros.shape) + zeros.tobytes())
    elif name == "zeros.h5":
        import h5py

        with h5py.File(path, "w") as file:
            file.create_dataset("X", shape=(10**10, 100), chunks=(1000, 100), dtype="f4")
    elif name == "zeros.mat":
        from scipy.io import savemat

        savemat(path, {"X": zeros}, do_compression=True)
    elif name == "zeros.xlsx":
        pd.DataFrame({"a": [1, 2]}).to_excel(path, index=False)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet2.xml", bytes(2**22))
    else:  # which a file of gzip does not say: it is counted
        path.write_bytes(gzip.compress(b"a,b\n1," + b"1" * 3 * _COUNTED, 1))
    with pytest.raises(DataError, match=rf"{name} says .* 1\.0 MB are free here \(LATENTLY_MEMORY=24GB sets"):
        open_dataset(path)


def test_an_idx_file_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    head = b"\x00\x00\x08\x02" + struct.pack(">2I", 6, 64)
    (tmp_path / "six.idx.gz").write_bytes(gzip.compress(head) + gzip.compress(bytes(2**20), 1) * 4096)
    with pytest.raises(DataError, match="too long: its header says 6 x 64 numbers of uint8"):
        open_dataset(tmp_path / "six.idx.gz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2\nb: 3", "is no YAML in line 2"),
        ("a: " + "[" * 1000 + "]" * 1000, "nested too deeply"),
        ("a: &a [x, *a]", "more than 10,000 values"),
        (
            "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))]),
            "anchors",
        ),
        ("# " + "x" * 100_000, "more than 100,000 bytes"),
        ("when: 2020-13-45", "is no YAML"),
    ],
)
def test_a_text_of_yaml_is_small_and_plain(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "options.yaml").write_text(text)
    with pytest.raises(FileError, match=said) as caught:
        read_yaml(tmp_path / "options.yaml", "--config options.yaml")
    assert fault_of(2, f"latently: {caught.value}") == ""


def test_a_recipe_is_read_in_utf_8_whatever_the_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = "about: Käse.\nmodel: vae\noptions: {data: digits}\n"
    (tmp_path / "mine.yaml").write_bytes(recipe.encode("utf-8"))
    monkeypatch.setattr(io, "text_encoding", lambda encoding, *_: encoding or "ascii")
    assert load_recipe(str(tmp_path / "mine.yaml")).about == "Käse."
    (tmp_path / "mine.yaml").write_bytes(recipe.encode("latin-1"))
    with pytest.raises(FileError, match=r"mine\.yaml is damaged or no YAML file"):
        load_recipe(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize("value", [10**30, 2**33, (4, 10**12), (4,) * 2000])
def test_a_number_that_can_only_be_a_mistake_is_refused_by_its_name(value: Any) -> None:
    name = "hidden" if isinstance(value, tuple) else "latent_dim"
    with pytest.raises(ArgumentError, match=rf"^{name} must (be smaller|have 1,000 numbers)"):
        VAE(**{name: value}).fit(ROWS)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            latently.AAE(generator_updates=2**20),
            r"^generator_updates must be a whole number from 1 to 1000; got 1048576",
        ),
        (latently.ClusteringAAE(n_clusters=2**32 - 1), r"^n_clusters must be smaller: 2,147,483,647 is the largest"),
        (latently.AAE(encoder="implicit", noise_dim=10**9, critic_hidden=(4,)), r"^noise_dim must be smaller: with"),
        (latently.StackedSemiSupervisedVAE(first_epochs=1e12), r"^first_epochs must be [0-9,]+ or less"),
        (VAE(warm_up_epochs=1e12), r"^warm_up_epochs must be [0-9,]+ or less"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, latently.estimators.base.LatentModel) else "",
)
def test_a_number_that_no_machine_can_work_with_is_refused_by_its_name(model: Any, said: str) -> None:
    model.set_params(hidden=(4,), latent_dim=2)
    with pytest.raises(ArgumentError, match=said):
        model.fit(ROWS)


def test_a_batch_of_more_rows_than_there_are_is_all_of_them_and_endless_patience_is_none() -> None:
    whole = VAE(hidden=(4,), latent_dim=2, epochs=2, batch_size=20, random_state=0).fit(ROWS)
    same = VAE(hidden=(4,), latent_dim=2, epochs=2, batch_size=2**31 - 1, patience=2**31 - 1, random_state=0).fit(ROWS)
    np.testing.assert_array_equal(same.transform(ROWS), whole.transform(ROWS))


@pytest.mark.parametrize("count", [2**32, 10**12, 10**30])
@pytest.mark.parametrize(("call", "name"), [("manifold", "rows"), ("sample", "n")])
def test_more_than_anybody_waits_for_is_refused_by_its_name(saved: Path, call: str, name: str, count: int) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name} must be smaller: so many take about"):
        endurance.calls.call(str(saved), call, name, str(count))


def test_numbers_of_samples_that_nobody_waits_for_are_refused_by_every_door(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ArgumentError, match=r"^importance_samples must be 1,000,000 or less"):
        evaluate(latently.load(saved), (ROWS, None, ROWS, None), importance_samples=2**32)
    for words, flag in (
        (["tune", "vae", "--data", "digits", "--trials", "1000000000"], "--trials"),
        (["outliers", str(saved), "digits", "--folds", "1000000000"], "--folds"),
    ):
        assert main(words) == 2
        assert f"latently: {flag} must be 10,000 or less; got 1000000000." in capsys.readouterr().err


def test_what_is_no_number_of_rows_seeds_or_labels_is_named(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # which would say it first
    vae = latently.load(saved)
    for seed in (10**30, 2**32, -1, "x"):
        with pytest.raises(ArgumentError, match=r"^random_state must be"):
            vae.sample(2, random_state=seed)
    with pytest.raises(ArgumentError, match=r"^seed must be a whole number from 0 to 4294967295; got -1"):
        open_dataset("digits", seed=-1)
    with pytest.raises(ArgumentError, match=r"^labels must be among the classes 0, 1; got {'age': 40}"):
        label_places([{"age": 40}, 1], 2, np.arange(2))
    with pytest.raises(ArgumentError, match=r"^learning_rate must be a finite number"):
        VAE(learning_rate=float("inf")).fit(ROWS)
    for y in (3, "ant"):
        with pytest.raises(ArgumentError, match=r"^y must have one label for each of the 20 rows"):
            latently.SupervisedAAE().fit(ROWS, y)
    with pytest.raises(ArgumentError, match=r"^y must hold words or whole numbers, not both; among words is 1"):
        latently.SupervisedAAE().fit(ROWS, np.array(["ant", 1, None, "bee"] * 5, object))


@pytest.mark.parametrize("seed", range(12))
def test_damage_of_every_way_changes_a_file(seed: int) -> None:
    draw, content = random.Random(seed), npy(ROWS)
    assert damaged(content, "rows.npy", draw) != content


def test_a_fault_is_told_from_a_good_end() -> None:
    assert fault_of(0, "latently: warning: so many rows") == ""
    assert fault_of(2, "latently: rows.npy is damaged; save it anew.") == ""
    for code, said in ((1, "latently: no."), (None, ""), (2, ""), (2, "latently: a.\nlatently: b."), (2, "Traceback")):
        assert fault_of(code, said)
    for said in ("KeyError: 'x'", f"got {'x' * 2000}", "<class 'int'>", "no message (LATENTLY_TRACEBACK=1 shows)"):
        assert fault_of(2, f"latently: {said}")


def test_the_words_of_a_library_are_cut_to_what_people_read() -> None:
    assert reason(KeyError("rows")) == "rows"
    assert reason(RecursionError("maximum recursion depth exceeded")) == "it is nested too deeply"
    assert reason(TypeError("Expected dict, got <class 'list'>")) == "Expected dict, got"
    assert len(reason(ValueError("x" * 5000))) == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a, b]", "it holds none of them by name"),
        ("about: x\nmodel: [vae]\noptions: {}", "model is of another kind"),
        ("about: x\nmodel: vae", "options is missing"),
        ("about: x\nmodel: vae\noptions: {}\nreach: [{name: a, key: 3}]", "this is none: {'name': 'a', 'key': 3}"),
        ("about: x\nmodel: vea\noptions: {}", "got 'vea'. Did you mean vae?"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_with_its_name(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"mine\.yaml") as caught:
        load_recipe(str(tmp_path / "mine.yaml"))
    assert said in str(caught.value)


def test_what_is_wrong_in_a_file_of_options_is_said_with_its_name_and_not_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("data: digits\nlatent_dim: null\n")
    assert main(["fit", "vae", "--config", str(tmp_path / "mine.yaml")]) == 2
    assert "mine.yaml: --latent-dim must be a whole number; got None." in capsys.readouterr().err
    (tmp_path / "secret").write_text("hidden-word: 0\nfirst: [second\nthird\n" * 20)
    assert main(["fit", "vae", "--config", str(tmp_path / "secret")]) == 2
    said = capsys.readouterr().err
    assert "secret is no YAML in line 4" in said
    assert "hidden-word" not in said


def test_a_folder_that_is_a_whole_disk_by_mistake_is_looked_at_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        (tmp_path / "a" / "b" / str(n)).mkdir(parents=True)
    looked: list[Path] = []
    monkeypatch.setattr(images, "_LOOKED_AT", 5)
    monkeypatch.setattr(images, "_images", lambda folder, **_: looked.append(folder) or [])
    with pytest.raises(DataError, match="holds no PNG"):
        open_dataset(tmp_path)
    assert len({folder for folder in looked if folder.parent.name == "b"}) < 6
