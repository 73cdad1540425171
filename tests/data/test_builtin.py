"""MNIST and its like: found, downloaded, checked, and never half-written."""

import gzip
import hashlib
import urllib.request

import numpy as np
import pytest

from idx_files import write_idx
from latently.data import DataError, open_dataset
from latently.data.arrays import FILES
from latently.data.builtin import FASHION_MNIST, MNIST, IdxSource, load


def fill(folder, n_train=12, n_test=6):
    """Four small idx files named as MNIST's are."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    for part, n in (("train", n_train), ("t10k", n_test)):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", generator.integers(0, 256, (n, 4, 4), dtype=np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", (np.arange(n) % 3).astype(np.uint8))


def tiny_source(folder, unpacked=True, mirrors=()):
    """A data set of the files in a folder, known by the checksums of their contents or of their bytes."""
    files = {}
    for name in FILES:
        data = (folder / name).read_bytes()
        files[name] = hashlib.sha256(gzip.decompress(data) if unpacked else data).hexdigest()
    return IdxSource("tiny", tuple(mirrors), files)


@pytest.mark.parametrize("unpacked", [True, False])
def test_files_are_downloaded_once_and_then_read_from_the_cache(unpacked, make_mirror, nowhere):
    mirror = make_mirror()
    fill(mirror.folder)
    source = tiny_source(mirror.folder, unpacked, [mirror.url])
    train, _, test = load(source)
    assert (train.x.shape, test.x.shape) == ((12, 4, 4), (6, 4, 4))
    again, *_ = load(source)
    np.testing.assert_array_equal(again.x, train.x)
    assert sorted(mirror.requests) == sorted(FILES)
    cache, _ = nowhere
    assert sorted(path.name for path in (cache / "tiny").iterdir()) == sorted(mirror.requests)


@pytest.mark.usefixtures("nowhere")
def test_a_mirror_that_lacks_a_file_is_passed_over(make_mirror):
    empty, full = make_mirror(), make_mirror()
    fill(full.folder)
    load(tiny_source(full.folder, mirrors=[empty.url, full.url]))
    assert len(empty.requests) == len(full.requests) == 4


@pytest.mark.parametrize("fault", ["wrong", "truncated", "missing", "not gzip"])
def test_a_bad_download_leaves_nothing_behind_and_says_what_was_wrong(fault, make_mirror, nowhere):
    mirror = make_mirror()
    fill(mirror.folder)
    source = tiny_source(mirror.folder, mirrors=[mirror.url])
    name = "train-images-idx3-ubyte.gz"
    if fault == "wrong":
        write_idx(mirror.folder / name, np.zeros((12, 4, 4), np.uint8))
    elif fault == "not gzip":
        (mirror.folder / name).write_bytes(b"<html>moved</html>")
    elif fault == "missing":
        (mirror.folder / name).unlink()
    else:
        mirror.truncated.add(name)
    with pytest.raises(DataError) as caught:
        load(source)
    message = str(caught.value)
    assert message.startswith(f"{name} could not be downloaded ({mirror.url}/{name}: ")
    expected = {"missing": "404", "truncated": "broke off after"}.get(fault, source.files[name])
    assert expected in message
    if fault == "not gzip":
        assert hashlib.sha256(b"<html>moved</html>").hexdigest() in message
    assert "LATENTLY_TINY_MIRROR" in message
    assert "$LATENTLY_DATA" in message
    cache, _ = nowhere
    assert list((cache / "tiny").iterdir()) == []


@pytest.mark.usefixtures("nowhere")
def test_a_wrong_mirror_is_passed_over_for_a_right_one(make_mirror):
    wrong, right = make_mirror(), make_mirror()
    fill(wrong.folder, n_train=9)
    fill(right.folder)
    train, *_ = load(tiny_source(right.folder, mirrors=[wrong.url, right.url]))
    assert len(train) == 12


@pytest.mark.usefixtures("nowhere")
def test_the_environment_names_another_mirror(make_mirror, monkeypatch):
    mirror = make_mirror()
    fill(mirror.folder)
    monkeypatch.setenv("LATENTLY_TINY_MIRROR", mirror.url + "/")
    load(tiny_source(mirror.folder, mirrors=["http://127.0.0.1:1"]))
    assert len(mirror.requests) == 4


@pytest.mark.usefixtures("nowhere")
def test_no_network_gets_a_sentence(tmp_path):
    fill(tmp_path / "files")
    with pytest.raises(DataError, match=r"could not be downloaded .*127\.0\.0\.1:1/"):
        load(tiny_source(tmp_path / "files", mirrors=["http://127.0.0.1:1"]))


@pytest.mark.parametrize("gzipped", [True, False])
def test_files_in_the_given_folder_are_taken_first_gzipped_or_not(gzipped, nowhere):
    _, given = nowhere
    fill(given / "tiny")
    source = tiny_source(given / "tiny")
    if not gzipped:
        for path in list((given / "tiny").iterdir()):
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    assert len(load(source)[0]) == 12


def test_a_wrong_file_in_the_given_folder_is_an_error_that_names_it(nowhere):
    _, given = nowhere
    fill(given / "tiny")
    source = tiny_source(given / "tiny")
    path = given / "tiny" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match="wrong SHA-256, expected") as caught:
        load(source)
    assert str(path) in str(caught.value)
    assert source.files[path.name] in str(caught.value)


def test_a_damaged_file_in_the_cache_is_downloaded_anew(make_mirror, nowhere):
    mirror = make_mirror()
    fill(mirror.folder)
    source = tiny_source(mirror.folder, mirrors=[mirror.url])
    train, *_ = load(source)
    cache, _ = nowhere
    (cache / "tiny" / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    np.testing.assert_array_equal(load(source)[0].x, train.x)
    assert len(mirror.requests) == 5


def test_a_folder_of_four_idx_files_has_its_own_test_rows(tmp_path):
    fill(tmp_path / "mine")
    data = open_dataset(tmp_path / "mine", validation=0.25, labels=6)
    assert (len(data.train), len(data.validation), len(data.test)) == (9, 3, 6)
    assert data.train.name == "mine"
    (tmp_path / "mine" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"lacks t10k-labels-idx1-ubyte\.gz"):
        open_dataset(tmp_path / "mine")


def test_all_eight_files_have_a_checksum_of_their_own():
    checksums = [checksum for source in (MNIST, FASHION_MNIST) for checksum in source.files.values()]
    assert len({int(checksum, 16) for checksum in checksums if len(checksum) == 64}) == 8


@pytest.mark.usefixtures("mnist_folder")
def test_mnist_is_the_official_rows():
    data = open_dataset("mnist")
    assert data.train.x.shape == (60000, 28, 28)
    assert data.train.x.dtype == np.uint8
    assert len(data.validation) == 0
    assert data.test.x.shape == (10000, 28, 28)
    assert data.train.classes == tuple(range(10))
    # The first digits of the training set are known from every tutorial.
    assert data.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert data.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


@pytest.mark.usefixtures("mnist_folder")
def test_mnist_is_cut_and_its_labels_hidden_by_seed():
    data = open_dataset("mnist", validation=0.1, labels=100, seed=3)
    assert (len(data.train), len(data.validation), len(data.test)) == (54000, 6000, 10000)
    assert np.bincount(data.train.labels + 1).tolist() == [53900] + [10] * 10
    assert (data.test.labels >= 0).all()


@pytest.mark.usefixtures("nowhere")
def test_mnist_is_downloaded_from_a_mirror_that_gzips_it_otherwise(mnist_folder, make_mirror, monkeypatch):
    mirror = make_mirror()
    for name in FILES:
        data = gzip.decompress((mnist_folder / name).read_bytes())
        (mirror.folder / name).write_bytes(gzip.compress(data, compresslevel=1))
    monkeypatch.setenv("LATENTLY_MNIST_MIRROR", mirror.url)
    assert len(open_dataset("mnist").train) == 60000
    assert len(mirror.requests) == 4


def test_the_mirror_of_these_tests_serves_what_it_should(make_mirror):
    mirror = make_mirror()
    (mirror.folder / "a.txt").write_bytes(b"abc")
    with urllib.request.urlopen(mirror.url + "/a.txt") as response:
        assert response.read() == b"abc"
