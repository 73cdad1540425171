"""The numbers of an evaluation as lines to print."""

from collections.abc import Callable, Iterator, Mapping

from latently.evaluation.lines import SKIPPED, Block, Line, baselines_of, counted, least, left_out, of_share, plus_minus
from latently.evaluation.model import UNABLE
from latently.wording import short_number


def as_table(result: Block) -> list[Line]:
    """The result of `evaluate` as lines for a terminal or a report.

    Args:
        result: what `evaluate` returned, or the same read back from JSON.

    Returns:
        Lines `(name, value, unit, note)` in reading order. Shares are given in per cent. What was skipped is a line
        where other data or settings would give it; what the model can never do is none.

    Example:
        >>> as_table({"probe": {"skipped": "the data has no labels"}})
        [Line(name='probe', value=None, unit='', note='skipped: the data has no labels')]
        >>> as_table({"reconstruction": {"skipped": "the model cannot encode data"}})
        []
    """
    lines: list[Line] = []
    for name, of_block in _BLOCKS.items():
        block = result.get(name)
        if block is None or any(other in result for other in _SAID_BY.get(name, ())):
            continue
        skipped = left_out(name.replace("_", " "), block)
        lines += [skipped] if skipped else of_block(block)
    return [line for line in lines if not line.note.startswith(f"{SKIPPED}{UNABLE} ")]


def advice(result: Block) -> list[str]:
    """Where something simpler would do better, a sentence each, of the result of `evaluate`.

    Example:
        >>> advice({"clustering": {"advice": "KMeans finds these classes better here."}, "probe": {}})
        ['KMeans finds these classes better here.']
    """
    blocks = (block for block in result.values() if isinstance(block, Mapping))
    return [block["advice"] for block in blocks if block.get("advice")]


def _likelihood(block: Block, given: str = "") -> Iterator[Line]:
    for key, name in (
        ("evidence_lower_bound", f"negative evidence lower bound{given}"),
        ("importance_weighted", f"negative importance-weighted bound{given}"),
    ):
        bound = block[key]
        if skipped := left_out(name, bound):
            yield skipped
            continue
        note = f"{plus_minus(bound['standard_error_nats'])}{counted(bound['samples'], 'sample')} a row"
        yield Line(name, bound["negative_log_likelihood_nats"], "nats", f"{note}, {counted(bound['rows'], 'row')}")
        error = plus_minus(bound["standard_error_bits_per_dimension"])
        yield Line(f"{name}, per dimension", bound["bits_per_dimension"], "bits", error.rstrip(", "))


def _reconstruction(block: Block) -> Iterator[Line]:
    rows = counted(block["rows"], "row")
    if "columns" in block:
        yield from _columns(block)
        return
    yield Line("mean squared error", block["mean_squared_error"], "squared data units", f"per element, {rows}")
    yield Line("root mean squared error", block["root_mean_squared_error"], "data units", f"per element, {rows}")
    if block["variance_explained"] is not None:
        note = "100 % is a perfect reconstruction, 0 % the mean row"
        yield Line("variance explained", 100 * block["variance_explained"], "%", note)
        yield from _by_components(block, "variance explained", "variance_explained")
    if "peak" in block:
        note = f"of the mean error, peak {block['peak']:g}"
        yield Line("peak signal-to-noise ratio", block["peak_signal_to_noise_decibel"], "dB", note)


def _by_components(block: Block, name: str, key: str) -> Iterator[Line]:
    for beside, other in baselines_of(block, name):
        if skipped := left_out(beside, other):
            yield skipped
        elif other[key] is not None:
            note = f"{counted(other['components'], 'component')}, fitted to {counted(other['train_rows'], 'row')}"
            yield Line(beside, 100 * other[key], "%", note)


def _columns(block: Block) -> Iterator[Line]:
    """Of the columns of a table: how well numbers and words come back, on average and where it is worst."""
    if block["numbers"]:
        note = "100 % is a perfect reconstruction, 0 % the mean of the column; "
        note += f"least for {least(_each(block, 'variance_explained'))}; {_rows_of(block)}"
        name = _mean_of("variance explained", block["numbers"])
        yield Line(name, 100 * block["variance_explained"], "%", note)
        yield from _by_components(block, name, "variance_explained")
    yield from _words(block, "words given back")


def _imputation(block: Block) -> Iterator[Line]:
    if block["numbers"]:
        errors = _each(block, "standardized_error")
        column = max(errors, key=errors.__getitem__)
        note = f"the mean of the column has 1; most for {column}: {short_number(errors[column], 3)}; {_rows_of(block)}"
        name = _mean_of("error of numbers filled in", block["numbers"])
        yield Line(name, block["standardized_error"], "standard deviations", note)
    yield from _words(block, "words filled in rightly")


def _words(block: Block, name: str) -> Iterator[Line]:
    if block["words"]:
        note = f"the likeliest word is right for {100 * block['majority']:.1f} %; "
        note += f"least for {least(_each(block, 'accuracy'))}; {_rows_of(block)}"
        name = _mean_of(name, block["words"])
        yield Line(name, 100 * block["accuracy"], "%", note)
        yield from _by_components(block, name, "accuracy")


def _each(block: Block, key: str) -> dict[str, float]:
    """A number of every column that has it."""
    return {name: column[key] for name, column in block["columns"].items() if column.get(key) is not None}


def _rows_of(block: Block) -> str:
    hidden = f", 1 of {block['times']} cells hidden at a time" if "times" in block else ""
    return counted(block["rows"], "row") + hidden


def _mean_of(name: str, columns: int) -> str:
    return f"{name}, mean of {counted(columns, 'column')}"


def _prior_match(block: Block) -> Iterator[Line]:
    for key, name, unit in (
        ("mmd", "MMD to the prior", ""),
        ("sliced_wasserstein", "sliced Wasserstein-2 to the prior", "code units"),
    ):
        match = block[key]
        pairs = counted(block["prior_pairs"], "pair")
        mean, most = (short_number(match[f"prior_to_prior_{each}"]) for each in ("mean", "max"))
        prior = f"{mean}, at most {most} in {pairs}"
        note = f"prior to prior {prior}; {counted(block['rows'], 'row')}"
        yield Line(name, match["codes_to_prior"], unit, note)
        if match["ratio"] is not None:
            yield Line(f"{name}, relative", match["ratio"], "×", "in prior-to-prior distances: 1 is a perfect match")


def _probe(block: Block) -> Iterator[Line]:
    for key, name in (("linear", "linear probe"), ("neighbours", "5 nearest neighbours")):
        reader = block[key]
        if skipped := left_out(name, reader):
            yield skipped
            continue
        note = f"fitted on {counted(reader['train_rows'], 'code')}, tested on {reader['test_rows']}; "
        note += f"the most frequent class has {100 * block['majority']:.1f} %"
        yield of_share(f"accuracy of the {name}", reader["accuracy"], reader["standard_error"], note)
        for beside, other in baselines_of(block, f"accuracy of the {name}"):
            its = other if "skipped" in other else other[key]
            if skipped := left_out(beside, its):
                yield skipped
                continue
            note = f"fitted on {counted(its['train_rows'], 'row')}, tested on {its['test_rows']}"
            yield of_share(beside, its["accuracy"], its["standard_error"], note)


def _dimensions(block: Block) -> Iterator[Line]:
    note = f"along which the codes of {counted(block['rows'], 'row')} vary (variance above {block['threshold']:g})"
    yield Line("active dimensions", block["active"], f"of {block['latent_dim']}", note)
    kl = block["kl"]
    if skipped := left_out("KL to the prior", kl):
        yield skipped
        return
    low, high = (short_number(each(kl["nats"]), 3) for each in (min, max))
    note = f"mean of {counted(kl['rows'], 'row')}, {low} to {high} a dimension"
    yield Line("KL to the prior", kl["total_nats"], "nats", note)


def _disentanglement(block: Block) -> Iterator[Line]:
    gap, score = block["mutual_information_gap"], block["factor_vae_score"]
    if skipped := left_out("mutual information gap", gap):
        yield skipped
    else:
        found = zip(block["factors"], gap["by_factor"], strict=True)
        each = ", ".join(f"{name} {value:.2g}" for name, value in found if value is not None)
        note = f"{plus_minus(gap['standard_error'])}0 to 1; {each}; {gap['bins']} bins a dimension"
        yield Line("mutual information gap", gap["gap"], "", f"{note}, {counted(gap['rows'], 'row')}")
    if skipped := left_out("FactorVAE score", score):
        yield skipped
    else:
        votes = f"{counted(score['test_votes'], 'vote')} of {counted(score['rows_a_vote'], 'row')} each"
        note = f"chance is {100 * score['chance']:.1f} %; {votes}, {counted(score['rows'], 'row')}"
        yield of_share("FactorVAE score", score["score"], score["standard_error"], note)


def _regions(block: Block) -> Iterator[Line]:
    note = f"{counted(block['rows'], 'row')}; least for {least(block['share_by_label'])}"
    yield of_share("predicted as their own label", block["share"], block["standard_error"], note)


def _classification(block: Block) -> Iterator[Line]:
    note = counted(block["rows"], "row")
    note += f", learned from {counted(block['labels_in_training'], 'label')}" if block["labels_in_training"] else ""
    note += f"; least often right on {least(block['recall'])}"
    yield of_share("classification error", block["error"], block["standard_error"], note)
    for beside, other in baselines_of(block, "classification error"):
        if skipped := left_out(beside, other):
            yield skipped
            continue
        of_rows = f"{counted(other['labels'], 'label')} among {counted(other['train_rows'], 'row')}"
        yield of_share(beside, other["error"], other["standard_error"], f"learned from {of_rows}")
    unseen = block["unseen"]
    if unseen["rows"]:
        note = f"without {counted(unseen['rows'], 'row')} of {', '.join(unseen['labels'])}, wrong by necessity"
        yield Line("classification error on the classes learned", 100 * unseen["error_without"], "%", note)
    calibration = block["calibration"]
    if skipped := left_out("calibration", calibration):
        yield skipped
        return
    rows = counted(calibration["rows"], "row")
    note = f"{calibration['bins']} bins, mean confidence {100 * calibration['mean_confidence']:.1f} %, {rows}"
    yield Line("expected calibration error", 100 * calibration["expected_calibration_error"], "%", note)
    yield Line("Brier score", calibration["brier_score"], "", f"summed over classes: 0 is best, 2 is worst; {rows}")
    note = f"{plus_minus(calibration['standard_error_nats'])}{rows}"
    if calibration["rows_at_floor"]:
        note += f", {calibration['rows_at_floor']} of which gave their label no probability (87 nats each)"
    yield Line("negative log-likelihood of the labels", calibration["negative_log_likelihood_nats"], "nats", note)


def _clustering(block: Block) -> Iterator[Line]:
    clusters = f"{block['clusters_used']} of {counted(block['clusters'], 'cluster')} used"
    rows = counted(block["rows"], "row")
    for key, name, rule in (
        ("aae_protocol", "accuracy by the AAE protocol", "each cluster takes the label of its most confident row"),
        ("hungarian", "accuracy by Hungarian matching", "one cluster a label"),
    ):
        yield of_share(name, block[key]["accuracy"], block[key]["standard_error"], f"{rule}; {clusters}; {rows}")
    for beside, other in baselines_of(block, "accuracy by Hungarian matching"):
        if "skipped" not in other:
            found = other["hungarian"]
            yield of_share(beside, found["accuracy"], found["standard_error"], f"one cluster a label; {rows}")
    for key, name, note in (
        ("normalized_mutual_information", "normalized mutual information", "of clusters and labels: 0 to 1"),
        ("adjusted_rand_index", "adjusted Rand index", "0 is chance, 1 is a perfect match"),
    ):
        yield Line(name, block[key], "", f"{note}; {rows}")
        for beside, other in baselines_of(block, name):
            of = "" if "skipped" in other else f"fitted to {counted(other['train_rows'], 'row')}"
            yield left_out(beside, other) or Line(beside, other[key], "", of)


def _parzen(block: Block) -> Iterator[Line]:
    note = f"{plus_minus(block['standard_error_nats'])}{counted(block['rows'], 'row')}, "
    note += f"{counted(block['samples'], 'sample')}, bandwidth {short_number(block['bandwidth'], 3)}"
    note += f" chosen on {counted(block['bandwidth_rows'], block['bandwidth_chosen_on'] + ' row')}"
    note += " (the end of its grid)" if block["bandwidth_at_edge"] else ""
    note += "; pixels in [0, 1]" if block["divided_by"] == 255 else ""
    yield Line("Parzen log-likelihood", block["log_likelihood_nats"], "nats", note)


def _samples(block: Block) -> Iterator[Line]:
    real, rows = block["test"], counted(block["rows"], "sample")
    if "class_consistency" in block:
        note = f"{rows}; least for {least(block['class_consistency_by_label'])}"
        if "class_consistency" in real:
            note += f"; real test rows {100 * real['class_consistency']:.4g} %"
        error = block["class_consistency_standard_error"]
        yield of_share("samples read as the class asked for", block["class_consistency"], error, note)
    for key, name, unit, scale in (
        ("frechet_distance", "Fréchet distance of samples", "", 1),
        ("precision", "precision of samples", "%", 100),
        ("recall", "recall of samples", "%", 100),
        ("density", "density of samples", "", 1),
        ("coverage", "coverage of samples", "%", 100),
    ):
        beside = f"real test rows {short_number(scale * real[key])}{unit and ' ' + unit}; {rows}"
        if key in block.get("from_prior", {}):
            beside = f"from the prior {short_number(scale * block['from_prior'][key])}{unit and ' ' + unit}; {beside}"
        yield Line(name, scale * block[key], unit, f"{beside}, {block['judge']['features']} features of the judge")


def _table_samples(block: Block) -> Iterator[Line]:
    rows = f"{counted(block['rows'], 'sample')} and as many held-out rows"
    copied = block.get("training_rows", {})
    for key, name, unit, scale, rule in (
        ("wasserstein_distance", "distance of the columns of samples", "standard deviations", 1, "mean Wasserstein-1"),
        ("correlation_difference", "difference of the correlations of samples", "", 1, "mean absolute"),
        ("accuracy", "samples told from held-out rows", "%", 100, "by a random forest: 50 % is a guess"),
        (
            "area_under_curve",
            "area under the curve of telling samples",
            "%",
            100,
            "by a random forest: 50 % is a guess",
        ),
    ):
        if block[key] is None:
            continue
        real = "" if copied.get(key) is None else f"; training rows {short_number(copied[key], 3)}"
        yield Line(name, scale * block[key], unit, f"{rule}{real}; {rows}")
        for beside, other in baselines_of(block, name):
            parts = "" if "skipped" in other else counted(other["parts"], "part")
            yield left_out(beside, other) or Line(beside, scale * other[key], unit, parts)


def _conditions(block: Block) -> Iterator[Line]:
    for name, found in block["by_condition"].items():
        if skipped := left_out(f"samples read for {name}", found):
            yield skipped
            continue
        rows = f"{counted(found['rows'], 'sample')}, by a reader of {counted(found['train_rows'], 'training row')}"
        if "accuracy" in found:
            note = f"real test rows {100 * found['real']:.4g} %; {rows}"
            yield of_share(f"samples read as the {name} asked for", found["accuracy"], found["standard_error"], note)
        elif found["correlation"] is not None:
            real = "" if found["real"] is None else f"real test rows {short_number(found['real'])}; "
            yield Line(f"correlation of {name} with what was asked", found["correlation"], "", f"{real}{rows}")


def _views(block: Block) -> Iterator[Line]:
    rows = counted(block["rows"], "row")
    for pair, common in _few(block["correlation"], "total").items():
        of_data = short_number(common["of_data"])
        note = f"{counted(common['components'], 'pair')}; of the data themselves {of_data}; {rows}"
        yield Line(f"total canonical correlation of the codes of {pair}", common["total"], "", note)
    for pair, common in _few(block["correlation"], "hsic").items():
        note = f"normalised: 0 to 1; {common['hsic_shuffled']:.2g} with the rows of one shuffled"
        yield Line(f"HSIC of the codes of {pair}", common["hsic"], "", note)
    svm = block["svm_error"]
    if skipped := left_out("linear SVM on the codes", svm):
        yield skipped
    else:
        for name, error in svm.items():
            if name == "data":
                continue
            own = f"on the data themselves {100 * svm['data'][name]:.4g} %; " if name in svm["data"] else ""
            note = f"{own}fitted on {counted(block['train_rows'], 'row')}; {rows}"
            yield Line(f"error of a linear SVM on the codes of {name}", 100 * error, "%", note)
    for view, figures in block["completion"].items():
        for key, name, unit, scale in COMPLETION_FIGURES:
            if key not in figures["model"]:
                continue
            others = (
                f"{COMPLETERS[other]} {short_number(scale * figures[other][key])}"
                for other in figures
                if other in COMPLETERS and (other != "truth" or key == "judge_agreement")  # else it is 0 or 1
            )
            yield Line(f"{name}, {view} completed", scale * figures["model"][key], unit, f"{', '.join(others)}; {rows}")
            if key == "root_mean_squared_error":
                for other in (each for each in _COMPLETERS_WITH_LINES if each in figures):
                    beside = f"{name}, {view} completed, {COMPLETERS[other]}"
                    yield Line(beside, scale * figures[other][key], unit, "")


def _few(blocks: Mapping[str, Block], key: str) -> Mapping[str, Block]:
    """Blocks of pairs of views; of more than six, that with the largest number, the median and the smallest."""
    if len(blocks) <= MOST_PAIRS:
        return blocks
    ranked = sorted(blocks, key=lambda pair: -blocks[pair][key])
    places = {"the highest": 0, "the median": len(ranked) // 2, "the lowest": len(ranked) - 1}
    return {f"{ranked[k]}, {which} of {len(ranked)} pairs": blocks[ranked[k]] for which, k in places.items()}


MOST_PAIRS = 6
"""Of views, that have lines of their own."""
COMPLETION_FIGURES = (
    ("judge_agreement", "read as the true class", "%", 100),
    ("standardized_error", "error of numbers", "standard deviations", 1),
    ("root_mean_squared_error", "root mean squared error", "data units", 1),
    ("structural_similarity", "structural similarity", "", 1),
)
COMPLETERS = {
    "ridge": "by ridge regression",
    "cca": "by CCA",
    "neighbours": "by 5 nearest neighbours",
    "nearest_neighbour": "by the nearest neighbour",
    "truth": "the truth",
}
_COMPLETERS_WITH_LINES = ("ridge", "cca", "neighbours")
_SAID_BY = {
    "regions": ("classification", "clustering"),  # the share in regions is one minus the error of the classification
    "reconstruction": ("views",),  # a model of several views is asked to complete them
}
_BLOCKS: dict[str, Callable[[Block], Iterator[Line]]] = {
    "likelihood": _likelihood,
    "label_likelihood": lambda block: _likelihood(block, " given the label"),
    "conditions": _conditions,
    "parzen": _parzen,
    "samples": _samples,
    "table_samples": _table_samples,
    "reconstruction": _reconstruction,
    "imputation": _imputation,
    "prior_match": _prior_match,
    "probe": _probe,
    "dimensions": _dimensions,
    "disentanglement": _disentanglement,
    "regions": _regions,
    "classification": _classification,
    "clustering": _clustering,
    "views": _views,
}
