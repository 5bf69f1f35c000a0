"""Samples: rotated options; which are chosen; keys that `compare` pairs by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatune.bench_spatial import BENCHMARKS, Sample, load_benchmark
from spatune.bench_spatial.outcome import episode_key
from spatune.bench_spatial.selection import choose, samples_sha256

WORDS = ("left", "right", "back", "front", "up")


def sample(id: str, category: str = "c", options: int = 4, truth: str = "B") -> Sample:
    return Sample(id, "b", category, f"scene {id}", "Where?", WORDS[:options], truth, "choice")


@given(st.integers(2, 5), st.integers(0, 20), st.data())
def test_rotation_moves_the_truth_with_its_words(count: int, places: int, data) -> None:
    truth = data.draw(st.sampled_from("ABCDE"[:count]))
    original = sample("1", options=count, truth=truth)
    turned = original.rotated(places)
    words = dict(zip(original.letters, original.options, strict=True))[original.truth]
    assert dict(zip(turned.letters, turned.options, strict=True))[turned.truth] == words
    assert turned.rotated(-places) == original


def test_all_rotations_put_the_truth_at_every_letter_once() -> None:
    assert sorted(sample("1").rotated(turn).truth for turn in range(4)) == list("ABCD")


def test_open_question_does_not_rotate() -> None:
    number = Sample("1", "b", "c", "", "How many?", (), "3", "number")
    assert number.rotated(1) is number and number.lettered == ()


@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_choice_does_not_depend_on_row_order_and_grows_with_the_limit(random, limit: int) -> None:
    samples = [sample(str(index), f"c{index % 3}") for index in range(12)]
    shuffled = random.sample(samples, len(samples))
    chosen = choose(shuffled, limit)
    assert chosen == choose(samples, limit) and len(chosen) == limit
    assert {s.id for s in chosen} <= {s.id for s in choose(samples, limit + 1)}
    counts = [sum(s.category == f"c{k}" for s in chosen) for k in range(3)]
    assert max(counts) - min(counts) <= 1
    assert samples_sha256(samples) == samples_sha256(shuffled)


def test_digest_sees_every_field_that_decides_a_score() -> None:
    base = sample("1")
    others = [sample("2"), sample("1", "d"), sample("1", options=3), sample("1", truth="C")]
    assert len({samples_sha256([one]) for one in (base, *others)}) == 5


def test_keys_tell_ids_apart_and_keep_numbers() -> None:
    assert episode_key(sample("17")).init_index == 17
    names = ["017", "17", "a", "b", "17 "]
    assert len({episode_key(sample(name)).init_index for name in names}) == len(names)


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_registered_benchmark_loads_under_its_name(name: str) -> None:
    benchmark = load_benchmark(name)
    assert benchmark.name == name and benchmark.title
    names = [variant.name for variant in benchmark.variants]
    assert len(set(names)) == len(names) and benchmark.variant().name == names[0]
    assert all(variant.summary for variant in benchmark.variants)
