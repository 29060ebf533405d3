"""Grade ``proxy``: how well a task's held-out answers are predicted from its own history, without any model.

Runs are split in two halves; the predictors see the first and are scored once on the second, so nothing
leaks between steps of one run. Each answer becomes the values it holds (a label, JSON fields, a tool and its
arguments). It is foretold by the nearest earlier request's, or copied from the place in the request where the
history says it stands; an answer counts when all of it is foretold. The control does the same with shuffled
answers: what it reaches is chance, and only the part above chance (Cohen's kappa) is used.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from suffice_analysis.estimate import wilson_interval
from suffice_analysis.sampling import SampledCall

MINIMUM = 30  # calls on either side; with fewer nothing is said
CONTEXT_CHARS = 12  # before a value: enough to know the place again
NEIGHBOUR_DIMENSIONS = 2**16
NEIGHBOUR_CHARS = 4_000  # the end of a message: what is asked stands there
COMPRESSED_CALLS, COMPRESSED_CHARS = 100, 4_000  # looked at: 10 ms a task
_TOKEN = re.compile(r"\w{2,}")


@dataclass(frozen=True, slots=True)
class Predictability:
    """Held-out answers: ``agreement`` predicted in whole, ``chance`` by the shuffled control, ``skill`` above it."""

    agreement: float
    chance: float
    skill: float
    low: float  # of skill
    high: float
    predicted: int
    n: int
    values_share: float  # of single values (fields, arguments) predicted
    distinct: int  # different answers seen in the history
    closed: bool  # whether the held-out answers are (nearly) all among them
    by_run: tuple[tuple[int, int], ...] = ()  # of each held-out run: its calls, and those foretold in whole
    compressed: float = (
        0.0  # of the held-out answers' bytes, what the nearest earlier answer saves beyond any earlier one
    )


def predictability(sample: Sequence[SampledCall], *, seed: int) -> Predictability | None:
    """Score held-out answers. None where fewer than ``MINIMUM`` calls or fewer than 4 runs stand on a side."""
    history, held_out = split_by_run(sample, seed=seed)
    if min(len(history), len(held_out)) < MINIMUM or min(_runs(history), _runs(held_out)) < 4:
        return None
    truths = [answer_values(c) for c in held_out]
    answers = [answer_values(c) for c in history]
    neighbours = _nearest(history, held_out)
    guesses = _guesses(history, answers, held_out, neighbours)
    shuffled = answers.copy()
    random.Random(seed).shuffle(shuffled)
    by_chance = _guesses(history, shuffled, held_out, neighbours)
    known = {_key(a) for a in answers}
    n = len(held_out)
    hits = [g == t for g, t in zip(guesses, truths, strict=True)]
    agreed = sum(hits)
    chance = sum(g == t for g, t in zip(by_chance, truths, strict=True)) / n
    values = [(g.get(k) == v) for g, t in zip(guesses, truths, strict=True) for k, v in t.items()]
    low, high = wilson_interval(agreed, n)
    return Predictability(
        agreement=agreed / n,
        chance=chance,
        skill=_above(agreed / n, chance),
        low=_above(low, chance),
        high=_above(high, chance),
        predicted=agreed,
        n=n,
        values_share=sum(values) / len(values) if values else 0.0,
        distinct=len(known),
        closed=sum(_key(t) in known for t in truths) / n >= 0.95,
        by_run=_by_run(held_out, hits),
        compressed=_compressed([c.said for c in history], [c.said for c in held_out], neighbours, seed=seed),
    )


def split_by_run(sample: Sequence[SampledCall], *, seed: int) -> tuple[list[SampledCall], list[SampledCall]]:
    """Two halves that share no run: the earlier runs and the later where all are timed, else at random."""
    runs: dict[str, list[SampledCall]] = {}
    for call in sample:
        runs.setdefault(call.run, []).append(call)
    names = sorted(runs)
    if all(c.started_ns is not None for c in sample):
        names.sort(key=lambda r: (min(c.started_ns or 0 for c in runs[r]), r))
    else:
        random.Random(seed).shuffle(names)
    history: list[SampledCall] = []
    held_out: list[SampledCall] = []
    for name in names:
        (history if len(history) < len(sample) / 2 else held_out).extend(runs[name])
    return history, held_out


def answer_values(call: SampledCall) -> dict[str, str]:
    """The single values an answer holds: JSON leaves by path, tool calls with arguments, else the text itself."""
    values: dict[str, str] = {}
    for number, part in enumerate(p for p in call.answer["parts"] if p.get("type") == "tool_call"):
        values[f"tool{number}"] = str(part.get("name"))
        _leaves(part.get("arguments"), f"tool{number}", values)
    if values:
        return values
    text = call.said.strip()
    fenced = re.fullmatch(r"```\w*\s*(.*?)\s*```", text, re.DOTALL)
    try:
        document = json.loads(fenced.group(1) if fenced else text)
    except ValueError:
        document = None
    if isinstance(document, (dict, list)):
        _leaves(document, "", values)
        return values or {"": text}
    return {"": _plain(text)}


def _leaves(value: Any, path: str, into: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _leaves(each, f"{path}.{key}", into)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _leaves(each, f"{path}[{index}]", into)
    else:
        into[path] = _plain(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _guesses(
    history: Sequence[SampledCall],
    answers: Sequence[dict[str, str]],
    held_out: Sequence[SampledCall],
    neighbours: Sequence[int],
) -> list[dict[str, str]]:
    """The answer foretold for each held-out call: the nearest earlier one's, with the copied fields copied anew."""
    copiers = _learn_copying([_plain(c.request) for c in history], answers)
    guesses = []
    for call, nearest in zip(held_out, neighbours, strict=True):
        guess = dict(answers[nearest])
        text = _plain(call.request)
        for path in guess.keys() & copiers.keys():
            copied = _copy(text, copiers[path])
            if copied is not None:
                guess[path] = copied
        guesses.append(guess)
    return guesses


Contexts = list[tuple[str, str]]  # (the characters before a copied value, the one after it)


def _learn_copying(requests: Sequence[str], answers: Sequence[dict[str, str]]) -> dict[str, Contexts]:
    """For each field that copying foretells in at least half of the history: where in the request it stands."""
    seen: dict[str, Counter[tuple[str, str]]] = {}
    for request, values in zip(requests, answers, strict=True):
        for path, value in values.items():
            at = request.rfind(value) if len(value) >= 3 else -1
            if at >= 0:
                left, right = request[max(0, at - CONTEXT_CHARS) : at], request[at + len(value) : at + len(value) + 1]
                seen.setdefault(path, Counter())[left, right] += 1
    learned = {path: [c for c, _ in counts.most_common(5)] for path, counts in seen.items()}
    kept = {}
    for path, contexts in learned.items():
        having = [(r, v[path]) for r, v in zip(requests, answers, strict=True) if path in v]
        if sum(_copy(r, contexts) == value for r, value in having) >= len(having) / 2:
            kept[path] = contexts
    return kept


def _copy(request: str, contexts: Contexts) -> str | None:
    for left, right in contexts:
        at = request.rfind(left) if left else -1
        if at >= 0:
            start = at + len(left)
            end = request.find(right, start) if right else len(request)
            if 0 < end - start <= 200:
                return request[start:end]
    return None


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _nearest(history: Sequence[SampledCall], held_out: Sequence[SampledCall]) -> list[int]:
    """Index of the history call whose last message is most alike (cosine of hashed word uni- and bigrams, idf)."""
    known = _bags([c.asked for c in history])
    seen = np.bincount(known.indices, minlength=NEIGHBOUR_DIMENSIONS)
    idf = sparse.diags_array(np.log((1 + len(history)) / (1 + seen)) + 1)
    similar = _unit(_bags([c.asked for c in held_out]) @ idf) @ _unit(known @ idf).T
    return [int(i) for i in np.asarray(similar.argmax(axis=1)).ravel()]


def _bags(texts: Sequence[str]) -> sparse.csr_array:
    """Counts of each text's words and pairs of words, by hash: [texts, NEIGHBOUR_DIMENSIONS]."""
    hashed: dict[str, int] = {}
    columns, starts = [], [0]
    for text in texts:
        words = _TOKEN.findall(text[-NEIGHBOUR_CHARS:].lower())
        codes = np.array(
            [hashed.get(w) or hashed.setdefault(w, zlib.crc32(w.encode("utf-8", "surrogatepass"))) for w in words],
            dtype=np.uint64,
        )
        pairs = (codes[:-1] * np.uint64(0x9E3779B97F4A7C15) + codes[1:]) >> np.uint64(32)
        columns.append(np.concatenate([codes, pairs]) % np.uint64(NEIGHBOUR_DIMENSIONS))
        starts.append(starts[-1] + len(columns[-1]))
    places = np.concatenate(columns).astype(np.int64)
    shape = (len(texts), NEIGHBOUR_DIMENSIONS)
    bags = sparse.csr_array((np.ones(len(places)), places, np.array(starts)), shape=shape)
    bags.sum_duplicates()
    return bags


def _unit(rows: sparse.csr_array) -> sparse.csr_array:
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    return sparse.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows


def _compressed(history: Sequence[str], held_out: Sequence[str], neighbours: Sequence[int], *, seed: int) -> float:
    """1 - C(answer | nearest earlier answer) / C(answer | an earlier answer at random), C the bytes of a deflate stream.

    Conditional compressibility (R. Cilibrasi and P. Vitanyi 2005, IEEE Trans. Inf. Theory 51:1523-1545), with what all answers of
    the task have in common taken out by the control. It says how far free text follows from the request where no answer comes twice.
    """
    random_ones = random.Random(seed).choices(range(len(history)), k=len(held_out))
    told = held_out[:COMPRESSED_CALLS]
    near, control = (
        sum(_bytes_given(answer, history[place]) for answer, place in zip(told, places, strict=False))
        for places in (neighbours, random_ones)
    )
    return max(0.0, 1 - near / control) if control else 0.0


def _bytes_given(answer: str, known: str) -> int:
    context = known[-COMPRESSED_CHARS:].encode("utf-8", "surrogatepass")
    stream = zlib.compressobj(9, wbits=-15, zdict=context) if context else zlib.compressobj(9, wbits=-15)
    return len(stream.compress(answer[:COMPRESSED_CHARS].encode("utf-8", "surrogatepass")) + stream.flush())


def _above(share: float, chance: float) -> float:
    """Cohen's kappa with the control as chance, floored at 0. J. Cohen 1960, Educ. Psychol. Meas. 20:37-46."""
    return 0.0 if chance >= 1.0 else max(0.0, (share - chance) / (1.0 - chance))


def _key(values: dict[str, str]) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def _by_run(held_out: Sequence[SampledCall], hits: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    calls = Counter(c.run for c in held_out)
    right = Counter(c.run for c, hit in zip(held_out, hits, strict=True) if hit)
    return tuple((calls[run], right[run]) for run in sorted(calls))


def _runs(calls: Sequence[SampledCall]) -> int:
    return len({c.run for c in calls})
