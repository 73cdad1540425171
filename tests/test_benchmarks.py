"""The benchmark's arithmetic: operations counted by hand, by the counter, and by XLA."""

import io
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benchmarks are no part of the installed package

from benchmarks import gallery, quality, quality_side, recipes
from benchmarks.contests import CONTESTS, Contest, Peer, pytorch
from benchmarks.disentanglement import FACTORS, sprites
from benchmarks.flops import TRAININGS, convolution, dense, train_autoencoder, xla_flops_per_round
from benchmarks.latently_side import make_trainer
from benchmarks.peers import common
from benchmarks.peers.common import time_rounds
from benchmarks.products import block_of, products_of
from benchmarks.scaling import CLUSTERS, Cluster, Work, even_batch, round_seconds, work_of
from benchmarks.table import END, sheets, summarize, with_table

from latently.catalogue import BY_TERMINAL_NAME, MODELS
from latently.cli import main
from latently.recipes import load_recipe


def test_the_count_of_a_small_vae_is_the_count_by_hand():
    # 3-2-1 | 1-2-3: the products of a row are [3,2], [2,1], [1,2], [2,3], with 12, 4, 4 and 12 operations.
    forward = 12 + 4 + 4 + 12
    weights = 12 + 4 + 4 + 12
    inputs = 4 + 4 + 12  # all but the first layer's, whose input is the data
    assert train_autoencoder(dense(3, 2, 1), dense(1, 2, 3)) == forward + weights + inputs


def test_the_count_of_the_thousand_unit_aae_is_the_count_by_hand():
    encoder = decoder = 2 * (784 * 1000 + 1000 * 1000 + 2 * 1000)
    critic = 2 * (2 * 1000 + 1000 * 1000 + 1000)
    first, first_of_critic = 2 * 784 * 1000, 2 * 2 * 1000
    autoencoder = 3 * (encoder + decoder) - first
    discriminate = 2 * (3 * critic - first_of_critic)  # the codes' own forward pass is the generator's
    fool = 2 * (2 * critic + 3 * encoder - first)
    assert TRAININGS["aae-mlp"].flops_per_round == 128 * (autoencoder + discriminate + fool)


def test_a_convolution_counts_nine_taps_for_each_pixel():
    assert convolution(196, 64, 32).forward == 2 * 196 * 9 * 64 * 32


CONVOLUTIONAL = ("vae-conv", "acgan-mnist")
"""Trainings whose convolutions are compiled to other products than those that are counted."""


@pytest.mark.sampled
@pytest.mark.parametrize("preset", [preset for preset in TRAININGS if preset not in CONVOLUTIONAL])
def test_xla_counts_the_same_operations_and_a_few_for_activations_and_optimizers(preset):
    images = np.random.default_rng(0).integers(0, 256, (256, 28, 28), np.uint8)
    counted = TRAININGS[preset].flops_per_round
    labels = np.arange(256, dtype=np.uint8) % 10
    assert counted <= xla_flops_per_round(make_trainer(preset, images, labels)) <= 1.12 * counted


def test_the_products_of_a_round_are_its_operations_and_none_is_skipped_when_they_are_timed():
    images = np.random.default_rng(0).integers(0, 256, (128, 28, 28), np.uint8)
    products = products_of(make_trainer("vae-2d", images, np.zeros(128, np.uint8)))
    assert len(products) == 5  # of layers between 784 and 256: two forward, two of weights, one back to the code
    flops = sum(product.flops for product in products)
    assert 0.98 * TRAININGS["vae-2d"].flops_per_round < flops < TRAININGS["vae-2d"].flops_per_round
    assert block_of(products, times=1).cost_analysis()["flops"] >= flops


def test_every_contest_has_a_count_and_a_script_for_every_peer():
    peers = Path(__file__).parents[1] / "benchmarks" / "peers"
    for contest in CONTESTS:
        assert contest.preset in TRAININGS
        assert all((peers / peer.script).is_file() for peer in contest.peers)


def test_both_pytorch_peers_differ_in_their_adam_alone():
    default, fused = pytorch("torch_x.py", "--clustering", floor=2.0)
    assert default.arguments == ("--clustering",)
    assert fused.arguments == ("--clustering", "--fused")
    assert (default.title, fused.title) == ("eager PyTorch", "eager PyTorch, fused Adam")
    assert default.floor == fused.floor == 2.0


def test_ten_rounds_of_warm_up_are_played_and_not_counted():
    timing = time_rounds(({"number": number} for number in itertools.count(1)), warm_up=0.0, seconds=0.01)
    assert timing["losses"] == {"number": 10 + timing["rounds"]}


def test_medians_decide_and_a_missed_floor_is_said():
    contest = Contest(
        "vae-2d", "a contest", (Peer("slow", "x", "x.py", floor=3.0), Peer("fast", "x", "x.py", floor=3.0))
    )
    turns = [
        {
            "latently": {"samples_per_second": ours, "xla_flops_per_round": 2.1e8},
            "slow": {"samples_per_second": 10.0},
            "fast": {"samples_per_second": 50.0},
        }
        for ours in (1.0, 100.0, 1000.0)
    ]
    summary = summarize(contest, turns, machine=400.0)
    assert summary["peers"]["slow"]["ratio"] == 10.0
    speed, share = sheets({"contests": [summary]})
    assert [row[-1] for row in speed.rows] == ["reached", "MISSED"]
    assert share.rows[0][1:5] == ("1.04", "0", "400", "0%")
    assert speed.markdown().startswith("| what | Latently samples/s |")


def test_answers_are_judged_by_the_median_of_their_turns():
    rates = {"transform": 120.0, "reconstruct": 119.0, "sample": 300.0}
    turns = [
        {
            "latently": {"rows_per_second": rates, "one_row_ms": ms, "first_call_seconds": seconds},
            "torch": {"rows_per_second": dict.fromkeys(rates, 100.0), "one_row_ms": 0.1},
        }
        for ms, seconds in ((0.2, 9.0), (0.4, 0.5), (0.2, 0.6))
    ]
    (sheet,) = sheets({"contests": [], "answers": turns})
    assert [row[-1] for row in sheet.rows] == ["reached", "MISSED", "reached", "reached", "reached"]
    assert sheet.rows[3][1:4] == ("0.20 ms", "0.10", "0.50")


@pytest.mark.parametrize("figure", quality.FIGURES.values(), ids=quality.FIGURES)
def test_every_figure_of_quality_has_a_model_a_question_and_scripts(figure):
    peers = Path(__file__).parents[1] / "benchmarks" / "peers"
    assert all((peers / peer.script).is_file() for peer in figure.peers)
    assert figure.asked in quality_side.ANSWERS
    BY_TERMINAL_NAME[figure.model].load().from_preset(figure.options["preset"])
    assert figure.at_least or figure.at_most


def test_the_clock_of_an_exam_stands_while_answers_are_made_and_judged(tmp_path, monkeypatch, capsys):
    now = itertools.count()  # a second for every look at the clock
    monkeypatch.setattr(common.time, "perf_counter", lambda: next(now))
    monkeypatch.setattr("sys.stdin", io.StringIO("more\nenough\n"))
    exam = common.Exam(tmp_path / "answers.npz")

    def answers():
        for _ in range(1000):
            next(now)
        return {"classes": np.zeros(2)}

    assert not exam.over(60, answers)
    assert exam.over(120, answers)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"rows": 60, "seconds": 1},
        {"rows": 120, "seconds": 2},
    ]


CONTENDER = """
import argparse, itertools, numpy as np, pathlib, sys
sys.path.insert(0, "benchmarks/peers")
import common
options = common.parser(None).parse_args()
tenths = itertools.count(1)
common.examine(itertools.count(), 100, lambda: {"classes": np.full(1, next(tenths) / 10)}, options)
"""


def contender(tmp_path, limit, share=0.5, program=CONTENDER):
    """What is measured of a contender whose share of right classes is higher by a tenth every 100 rows."""
    (tmp_path / "contender.py").write_text(program)
    figure = quality.replace(
        quality.FIGURES["few-labels"],
        read=lambda _, answers: {"share": float(answers["classes"][0])},
        at_least={"share": share},
        every=100,
    )
    return quality.time_to(figure, None, [sys.executable, str(tmp_path / "contender.py")], limit)


def test_a_contender_trains_until_the_figure_is_reached(tmp_path):
    found = contender(tmp_path, limit=1000.0)
    assert found["reached"]
    assert [each["share"] for each in found["course"]] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert found["epochs"] == 500 / 60_000


def test_a_contender_that_has_had_its_time_did_not_reach_the_figure(tmp_path):
    found = contender(tmp_path, limit=0.0)
    assert not found["reached"]
    assert len(found["course"]) == 1


def test_a_contender_that_fails_is_named_with_what_it_said(tmp_path):
    with pytest.raises(RuntimeError, match="no such thing"):
        contender(tmp_path, 1000.0, program="raise SystemExit('no such thing')")


def test_a_peer_that_never_arrived_makes_a_ratio_a_least_one():
    def run(seconds, reached=True):
        return {"seconds": seconds, "epochs": 2.0, "reached": reached, "course": []}

    keras, pythae = (peer.title for peer in quality.FIGURES["vae-2d"].peers)
    turn = {"Latently": run(10.0), keras: run(100.0), pythae: run(90.0, reached=False)}
    first, second = quality.sheet({"vae-2d": [turn]}).rows
    assert first[1:] == ("10", "2.0", keras, "100", "2.0", "10.0 ×", "8 ×", "reached")
    assert second[3:7] == (pythae, "not in 90", "2.0", "> 9.0 ×")


def test_the_table_of_readme_is_what_the_files_of_results_say():
    text = recipes.README.read_text()
    assert with_table(text, recipes.BEGIN, recipes.table(recipes.RESULTS)) == text, (
        "python -m benchmarks.recipes --table makes it anew"
    )
    rest = text.replace(recipes.table(recipes.RESULTS), "")
    for path in sorted(recipes.RESULTS.glob("*.json")):
        assert path.stem in recipes.NAMES, f"{path} is of no recipe"
        assert f"--recipe {path.stem}`" not in rest, f"a number of {path.stem} is printed beside those of its file"


def test_a_line_of_the_table_tells_mean_spread_minutes_and_what_was_missed(tmp_path):
    found = {
        "command": "latently fit --recipe m2 --repeats 2",
        "commit": "abc1234",
        "runs": [{"seconds": 60.0, "evaluation": {"classification": {"error": error}}} for error in (0.11, 0.15)],
    }
    (line,) = recipes.lines(load_recipe("m2"), found)
    assert line[1:] == ("`latently fit --recipe m2 --repeats 2`", "≤ 12 %", "13.0 ± 2.8 %, missed", "2, 1.0", "abc1234")
    found["runs"][1]["evaluation"] = {}
    (line,) = recipes.lines(load_recipe("m2"), found)
    assert line[3] == "11 % (of 1 runs)"
    (tmp_path / "m2.json").write_text(json.dumps(found))
    text = f"above\n{recipes.BEGIN}\nold\n{END}\nbelow\n"
    made = with_table(text, recipes.BEGIN, recipes.table(tmp_path))
    assert made.startswith("above\n")
    assert made.endswith("\nbelow\n")
    assert "old" not in made
    assert made.count("| M2 with 100 labels, on MNIST: test error |") == 1
    with pytest.raises(ValueError, match="must hold the lines"):
        with_table("nothing", recipes.BEGIN, "")


def test_a_run_is_kept_with_its_seeds_counts_and_seconds(tmp_path):
    assert recipes.runs_of(tmp_path) is None
    words = ["fit", "vae", "--data", "digits", "--epochs", "1", "--hidden", "8", "--quiet", "--no-report"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    kept = recipes.runs_of(tmp_path / "run")
    assert (kept["random_state"], kept["labels"], kept["rows"]["train"]) == (0, None, 1258)
    assert kept["seconds"] > 0
    assert kept["rounds"] == 10


def test_every_sprite_is_drawn_once_and_lies_within_its_picture():
    images, factors = sprites()
    assert len(images) == len(np.unique(images, axis=0)) == len(np.unique(factors, axis=0))
    assert (factors.max(axis=0) + 1).tolist() == list(FACTORS.values())
    area = images.sum(axis=(1, 2)).reshape(*FACTORS.values())
    assert (np.ptp(area, axis=(1, 2)) < 0.15 * area.mean(axis=(1, 2))).all()  # none is cut, wherever it lies
    assert (np.diff(area.mean(axis=(1, 2)), axis=1) > 0).all()
    weights = images / images.sum(axis=(1, 2), keepdims=True)
    assert np.corrcoef((weights.sum(axis=1) * np.arange(16)).sum(axis=1), factors[:, 1])[0, 1] > 0.99
    assert np.corrcoef((weights.sum(axis=2) * np.arange(16)).sum(axis=1), factors[:, 2])[0, 1] > 0.98


def test_a_round_sums_the_gradients_of_every_weight_once_an_update():
    work = work_of("vae-2d")
    weights = 784 * 256 + 256 * 2 * 2 + 2 * 256 + 256 * 784
    biases = 256 + 2 * 2 + 256 + 784
    assert work.sums == (4 * (weights + biases),)
    four = Cluster(devices=4, flops=1e12, bandwidth=1e9, latency_seconds=1e-4)
    small = Work(flops_per_row=10**6, sums=(4 * 10**6,))
    assert round_seconds(small, four, batch=4000) == (0.001, 0.0064)  # 1.5 · 4 MB at 1 GB/s, and 4 steps of 0.1 ms
    assert even_batch(small, four) == 25_600
    for cluster in CLUSTERS.values():
        computed, communicated = round_seconds(work, cluster, even_batch(work, cluster))
        assert computed == pytest.approx(communicated, rel=1e-3)


def test_the_gallery_shows_every_model_and_its_page_is_made_of_what_was_measured() -> None:
    found = json.loads(gallery.RESULTS.read_text())
    assert set(gallery.WAYS) == {model.terminal for model in MODELS}
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(found)
    pictures = {path.stem: path.stat().st_size for path in gallery.PICTURES.iterdir()}
    assert set(pictures) == {name.replace("/", "-") for name in found}
    assert max(pictures.values()) <= gallery.MOST_BYTES
