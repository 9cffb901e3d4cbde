"""The sweep, and those who ask it, against all compared with all."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from counter import paths, still
from counter.nearby import nearest, touching
from counter.paths import exchanged
from counter.zones import OVERLAP, overlapping

Floats = NDArray[np.float64]
crowds = st.tuples(st.integers(0, 30), st.integers(0, 10_000))


def boxes(many: int, rng: np.random.Generator) -> Floats:
    """People on a coarse grid, so that edges meet and distances tie."""
    low = rng.integers(0, 12, (many, 2)) / 8
    return np.concatenate((low, low + rng.integers(0, 6, (many, 2)) / 16), axis=1)


@settings(max_examples=200, deadline=None)
@given(crowds, st.integers(0, 30))
def test_every_pair_that_touches_is_given_once(crowd: tuple[int, int], others: int):
    rng = np.random.default_rng(crowd[1])
    ours, theirs = boxes(crowd[0], rng), boxes(others, rng)
    found = list(zip(*(side.tolist() for side in touching(ours, theirs)), strict=True))
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    there = set(
        zip(*(side.tolist() for side in np.nonzero((low <= high).all(axis=2))), strict=True)
    )
    assert len(found) == len(set(found))
    assert there <= set(found)


def test_people_side_by_side_are_not_compared_with_all():
    """500 people in a row: each with few, not with 500."""
    left = np.arange(500.0)
    row = np.stack((left, 0 * left, left + 0.5, 0 * left + 2), axis=1)
    assert len(touching(row, row)[0]) <= 1500


@settings(max_examples=200, deadline=None)
@given(crowds)
def test_who_overlaps(crowd: tuple[int, int]):
    some = boxes(crowd[0], np.random.default_rng(crowd[1])).astype(np.float32)
    left, top, right, bottom = some.T
    width = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    height = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area = (right - left) * (bottom - top)
    near = shared > OVERLAP * (np.add.outer(area, area) - shared)
    np.fill_diagonal(near, val=False)
    solid = area > 0  # a box without an area overlaps nobody
    assert (overlapping(some) & solid).tolist() == (near.any(axis=1) & solid).tolist()


@settings(max_examples=200, deadline=None)
@given(crowds, st.integers(1, 30))
def test_who_lies_on_a_place(crowd: tuple[int, int], many: int):
    rng = np.random.default_rng(crowd[1])
    places = rng.integers(1, 9, (many, 3)) / 8
    people = places[rng.integers(0, many, crowd[0])] + rng.integers(-2, 3, (crowd[0], 3)) / 20
    far = (np.abs(people[:, None] - places[None]).max(axis=2) / places[:, 2]).reshape(-1, many)
    on = far <= still.SAME
    found = still.near(people, places)
    assert sorted(zip(found.box, found.place, strict=True)) == sorted(
        zip(*np.nonzero(on), strict=True)
    )
    assert (found.far == far[found.box, found.place]).all()
    held = nearest(found.far, found.box, found.place)
    best = {int(row): int(far[row].argmin()) for row in np.flatnonzero(on.any(axis=1))}
    assert dict(zip(found.box[held].tolist(), found.place[held].tolist(), strict=True)) == best


@settings(max_examples=200, deadline=None)
@given(crowds)
def test_who_has_whose_id(crowd: tuple[int, int]):
    rng = np.random.default_rng(crowd[1])
    many = crowd[0]
    expected = rng.uniform(0, 1, (many, 2))
    found = expected[rng.permutation(many)] + rng.normal(0, 0.02, (many, 2))
    tall, sides = rng.uniform(0.2, 0.6, many), rng.integers(-1, 2, (many, 2)).astype(np.int8)
    ours = zip(*(side.tolist() for side in exchanged(expected, found, tall, sides)), strict=True)
    assert list(ours) == all_with_all(expected, found, tall, sides)


def all_with_all(
    expected: Floats, found: Floats, tall: Floats, sides: NDArray[np.int8]
) -> list[tuple[int, int]]:
    """`exchanged`, one pair after another."""

    def length(move: Floats) -> float:
        return float(np.hypot(*move))

    def gain(i: int, j: int) -> float:
        taller = max(tall[i], tall[j])
        own = [length(found[k] - expected[k]) for k in (i, j)]
        other = [length(expected[i] - found[j]), length(expected[j] - found[i])]
        won = own[0] + own[1] - other[0] - other[1]
        may = (
            min(own[0] / tall[i], own[1] / tall[j]) > paths.STRAYED
            and other[0] < own[0]
            and other[1] < own[1]
            and (sides[i] * sides[j] < 0).any()
            and taller <= paths.ALIKE * min(tall[i], tall[j])
            and won > 2 * paths.STRAYED * taller
            and length(found[i] - found[j]) <= paths.BESIDE * taller
        )
        return won if may else 0.0

    every = range(len(tall))
    gains = [[gain(i, j) if i != j else 0.0 for j in every] for i in every]
    best = [max(every, key=gains[i].__getitem__) for i in every]
    return [(i, best[i]) for i in every if i < best[i] and best[best[i]] == i and gains[i][best[i]]]
