"""In which order rows are drawn."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from latently.training.order import Order


@pytest.mark.parametrize(("rows", "batch_size"), [(1, 1), (5, 2), (7, 7), (10, 3), (3, 8), (64, 16)])
def test_every_row_is_drawn_once_an_epoch(rows, batch_size):
    order = Order(rows, batch_size, seed=0)
    epochs = 4
    rounds = -(-epochs * rows // order.batch_size)
    drawn = order.batches(0, rounds).ravel()[: epochs * rows].reshape(epochs, rows)
    assert (np.sort(drawn, axis=1) == np.arange(rows)).all()


def test_every_batch_is_full_and_no_larger_than_the_data():
    assert Order(10, 4, seed=0).batches(0, 9).shape == (9, 4)
    assert Order(3, 8, seed=0).batches(0, 9).shape == (9, 3)


def test_epochs_differ():
    first, second = Order(50, 50, seed=0).batches(0, 2)
    assert (first != second).any()


def test_the_order_is_a_function_of_seed_and_stream():
    batches = Order(50, 7, seed=1).batches(0, 20)
    assert (batches == Order(50, 7, seed=1).batches(0, 20)).all()
    assert (batches != Order(50, 7, seed=2).batches(0, 20)).any()
    assert (batches != Order(50, 7, seed=1, stream=1).batches(0, 20)).any()


def test_the_rows_of_a_round_do_not_depend_on_where_one_begins():
    whole = Order(11, 4, seed=0).batches(0, 40)
    order = Order(11, 4, seed=0)
    for first, rounds in ((30, 10), (0, 3), (17, 1), (39, 1), (5, 20)):
        assert (order.batches(first, rounds) == whole[first : first + rounds]).all()


def test_two_threads_may_ask_at_once():
    firsts = [0, 380, 190, 20, 300, 100] * 50
    order, whole = Order(100, 100, seed=0), Order(100, 100, seed=0).batches(0, 400)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            asked = list(pool.map(lambda first: order.batches(first, 3), firsts))
    finally:
        sys.setswitchinterval(interval)
    assert all((rows == whole[first : first + 3]).all() for rows, first in zip(asked, firsts, strict=True))
