"""The rules that need no tree: two emitters tell of one call, in one trace or in two.

- ``response_id``: the same response id at the same time. A server with careless ids gives them at other times.
- ``time_overlap``, where one of them tells no response id: one service, equal tokens, not told apart by model or
  words, and one runs within the other, for most of its time where not both tell the words.

One emitter tells a call once, so that a telling is matched with at most one of each other emitter: two equal calls in
parallel, each told by a wrapper and a client, stay two.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

from suffice import semconv
from suffice_collector.duplicates.telling import OWN, Mark, Telling, same_model, same_words
from suffice_collector.duplicates.told import IdKey, TokensKey

CLOCK_SLACK_NS = 2_000_000_000  # two hosts (a proxy and its client) disagree on the time by less than this
LOG_SLACK_NS = 20_000_000  # a log's time is in milliseconds, and taken after the span's
MOST_PER_KEY = 64
_Key = TypeVar("_Key")
SHARED = 0.8  # of the time of both together
MOSTLY = 0.5  # of the outer one's time


class AcrossTraces:
    """What was told lately, by response id and by tokens. Bounded by ``most`` tellings of each."""

    def __init__(self, most: int) -> None:
        self._by_id: Recent[IdKey] = Recent(most)
        # Apart, since none of ours is matched with another of ours: most traffic has no other, and then none is looked at.
        self._by_tokens: Recent[TokensKey] = Recent(most)
        self._ours_by_tokens: Recent[TokensKey] = Recent(most)

    def match(self, project: str, new: Telling) -> list[Mark]:
        """The mark that ``new`` brings, if any; it is remembered for those that come."""
        marks: list[Mark] = []
        if new.response_id and (same := self._by_id.find((project, new.response_id))):
            marks = _match(project, new, [old for old in same if _same_time(old, new)], "response_id")
        if new.input_tokens and not marks:
            key = (project, new.emitter[2], new.input_tokens, new.output_tokens)
            alike = [*self._by_tokens.find(key), *(() if _is_ours(new) else self._ours_by_tokens.find(key))]
            marks = _match(
                project,
                new,
                [old for old in alike if old.emitter != new.emitter and _overlaps(old, new)],
                "time_overlap",
            )
        self.note(project, new)
        return marks

    def __bool__(self) -> bool:
        return bool(len(self._by_id) or len(self._by_tokens))

    def knows(self, response: IdKey, tokens: TokensKey) -> bool:
        """Whether one of ours with this response id and these tokens could be matched with what is remembered."""
        return response in self._by_id or tokens in self._by_tokens

    def note(self, project: str, new: Telling) -> None:
        """Remembered for those that come."""
        if new.response_id:
            self._by_id.add((project, new.response_id), new)
        if new.input_tokens:
            recent = self._ours_by_tokens if _is_ours(new) else self._by_tokens
            recent.add((project, new.emitter[2], new.input_tokens, new.output_tokens), new)


class Recent(Generic[_Key]):
    """The latest tellings by a key. The key that was not added to for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._tellings: OrderedDict[_Key, list[Telling]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: _Key) -> bool:
        return key in self._tellings

    def find(self, key: _Key) -> Sequence[Telling]:
        return self._tellings.get(key, ())

    def add(self, key: _Key, new: Telling) -> None:
        tellings = self._tellings.get(key)
        if tellings is None:
            self._tellings[key] = [new]
        else:
            self._tellings.move_to_end(key)
            if len(tellings) >= MOST_PER_KEY:
                del tellings[0]
                self._count -= 1
            tellings.append(new)
        self._count += 1
        while self._count > self._most and len(self._tellings) > 1:
            _, gone = self._tellings.popitem(last=False)
            self._count -= len(gone)


def _is_ours(telling: Telling) -> bool:
    """By our SDK itself: of one service, one emitter."""
    return telling.emitter[:2] == (OWN, semconv.SCOPE)


def _match(project: str, new: Telling, candidates: list[Telling], rule: str) -> list[Mark]:
    """Against the telling that counts and starts nearest; the one with more to tell is kept.

    Of several that start equally near, the one that ends nearest, then the lowest id: the order they were read in is
    not always the order they came in."""
    if not candidates:
        return []
    free = [
        old
        for old in candidates
        if old.told_by is None
        and old.call_id != new.call_id
        and old.emitter != new.emitter
        and new.emitter not in old.matched
    ]
    if not free:
        return []
    old = min(
        free, key=lambda each: (abs(each.started_ns - new.started_ns), abs(each.ended_ns - new.ended_ns), each.call_id)
    )
    kept, dropped = (new, old) if new.rank > old.rank else (old, new)
    dropped.told_by = kept.call_id
    kept.matched |= {dropped.emitter, *dropped.matched}
    return [Mark(project, dropped.call_id, kept.call_id, rule)]


def _same_time(a: Telling, b: Telling) -> bool:
    slack = 0 if a.emitter[2] == b.emitter[2] else CLOCK_SLACK_NS
    if a.is_log() or b.is_log():
        slack = max(slack, LOG_SLACK_NS)
    return a.started_ns <= b.ended_ns + slack and b.started_ns <= a.ended_ns + slack


def _overlaps(a: Telling, b: Telling) -> bool:
    if (a.response_id and b.response_id) or not (a.started_ns and b.started_ns):
        return False
    return _runs_within(a, b) and same_model(a, b) and same_words(a, b)


def _runs_within(a: Telling, b: Telling) -> bool:
    """One within the other: by most of its time, or any part where both tell the same words (or one is a log).

    A wrapper that waits and tries again runs long, and beside its own call others with equal tokens may run in it.
    """
    slack = LOG_SLACK_NS if a.is_log() or b.is_log() else 0
    outer, inner = (a, b) if a.ended_ns - a.started_ns >= b.ended_ns - b.started_ns else (b, a)
    lasts, within = outer.ended_ns - outer.started_ns, inner.ended_ns - inner.started_ns
    if outer.started_ns <= inner.started_ns + slack and inner.ended_ns <= outer.ended_ns + slack:
        told = inner.asked is not None and inner.answered is not None and outer.asked is not None
        return (told and outer.answered is not None) or within >= MOSTLY * lasts or slack > 0
    shared = min(a.ended_ns, b.ended_ns) - max(a.started_ns, b.started_ns)
    return shared >= SHARED * (max(a.ended_ns, b.ended_ns) - min(a.started_ns, b.started_ns)) and shared > 0
