"""What waits for the broker and for how long, with a clock of our own."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from counter.outputs.mqtt.outbox import NS, Message, Outbox, Release

HOUR_NS = 3600 * NS


def release(number: int, at_ns: int = 0) -> Release:
    return Release((Message("topic", str(number).encode()),), at_ns)


def drained(outbox: Outbox, now_ns: int = 0) -> list[bytes]:
    found = []
    while (one := outbox.take(now_ns)) is not None:
        found.append(one.messages[0].payload)
        outbox.done(one)
    return found


def test_it_keeps_order_and_drops_the_oldest() -> None:
    outbox = Outbox(limit=3, max_age_s=3600)
    assert [outbox.put(release(number)) for number in range(5)] == [0, 0, 0, 1, 1]
    assert drained(outbox) == [b"2", b"3", b"4"]


def test_what_is_too_old_is_forgotten_without_anybody_asking_for_it() -> None:
    outbox = Outbox(limit=100, max_age_s=3600)
    outbox.put(release(0, at_ns=0))
    outbox.put(release(1, at_ns=HOUR_NS // 2))
    assert outbox.forget(HOUR_NS) == 0
    assert outbox.forget(HOUR_NS + 1) == 1
    assert len(outbox) == 1
    assert drained(outbox, HOUR_NS * 2) == []


def test_a_broken_connection_gives_back_the_release_under_way() -> None:
    outbox = Outbox(limit=2, max_age_s=3600)
    outbox.put(release(0))
    under_way = outbox.take(0)
    assert under_way is not None
    outbox.put(release(1))
    outbox.give_back(under_way, 0)
    assert drained(outbox) == [b"0", b"1"]


def test_the_bound_holds_for_what_is_given_back_too() -> None:
    outbox = Outbox(limit=2, max_age_s=3600)
    outbox.put(release(0))
    under_way = outbox.take(0)
    assert under_way is not None
    outbox.put(release(1))
    outbox.put(release(2))
    outbox.give_back(under_way, 0)
    assert drained(outbox) == [b"1", b"2"]


def test_a_new_connection_repeats_the_last_release_only_when_nothing_waits() -> None:
    outbox = Outbox(limit=5, max_age_s=3600)
    assert outbox.first(0) is None
    outbox.put(release(0))
    assert drained(outbox) == [b"0"]
    again = outbox.first(0)
    assert again == release(0)
    outbox.give_back(again, 0)  # this connection broke too
    outbox.put(release(1))
    assert drained(outbox) == [b"0", b"1"]
    outbox.put(release(2))
    assert outbox.first(0) == release(2)  # not 1: nobody may see an older one after a newer one


def test_a_last_release_that_is_too_old_is_not_repeated() -> None:
    outbox = Outbox(limit=5, max_age_s=3600)
    outbox.put(release(0))
    assert drained(outbox) == [b"0"]
    assert outbox.first(HOUR_NS + 1) is None


@given(st.lists(st.sampled_from(["put", "send", "ack", "break", "connect"]), max_size=60))
def test_whatever_happens_nothing_goes_back_and_nothing_is_left_out(steps: list[str]) -> None:
    """A broker that sees these releases never sees a gap or an older one after a newer one."""
    outbox, sent, under_way, number = Outbox(1000, 3600), [0], None, 0
    for step in steps:
        if step == "put":
            number += 1
            outbox.put(release(number))
        elif step == "break" and under_way is not None:
            outbox.give_back(under_way, 0)
            under_way = None
        elif step == "ack" and under_way is not None:
            outbox.done(under_way)
            under_way = None
        elif step in ("send", "connect") and under_way is None:
            under_way = outbox.take(0) if step == "send" else outbox.first(0)
            if under_way is not None:
                sent.append(int(under_way.messages[0].payload))
    assert all(after in (before, before + 1) for before, after in itertools.pairwise(sent))
