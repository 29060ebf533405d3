"""Slices: the few splits of a task, visible in the request, behind which a small model does better or worse.

A big agent is not all or nothing: after one tool it only repeats a number, after another it plans. The split is chosen
on one half of the task's runs and described on the other, so that what is said of a slice has not been picked for it.
What is looked at is a label of each call: whether a replayed answer was acceptable where enough were replayed, else its
action (``slice_results`` says what follows for the estimates).

    gain = mutual information (bits) of split and label; chosen if the G-test's p, times the number of splits tried,
    is under 1 % and the gain is at least 0.05 bits. At most two splits deep, at most 12 slices.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from suffice_analysis.estimate import wilson_interval
from suffice_analysis.visible import CATEGORIES, NUMBERS, Visible

LEAST_GAIN = 0.05
P = 0.01
DEPTH = 2
MOST_SLICES = 12
LEAST_CALLS, LEAST_SHARE = 20, 0.03  # of the choosing half; what is less is "other"
MOST_CALLS = 20_000  # of a task that a split is chosen and described on
CUTS = (0.25, 0.5, 0.75)
STEPS = (1, 2, 4, 8)
OTHER = "other"
_WORDS = {"last": "after", "script": "script", "tools": "tools"}

Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice. ``conditions``: {"feature", "is"}, {"feature", "not_in"} or {"feature", "from", "below"}, all of which hold."""

    slice_id: str
    conditions: tuple[Condition, ...]
    calls: int  # of the task
    share: float
    action: str | None  # the commonest label in the describing half
    action_share: float | None
    action_low: float | None
    action_high: float | None
    n: int  # calls of the describing half
    chosen_by: str = "action"  # what the calls differ in: their "action", or whether they pass in "replay"

    @property
    def name(self) -> str:
        return ", ".join(map(condition_words, self.conditions))


def condition_words(condition: Condition) -> str:
    """A condition in a few words."""
    feature = condition["feature"]
    if "is" in condition:
        said = str(condition["is"]).removeprefix("tool:")
        return f"{_WORDS[feature]} {said}"
    if "not_in" in condition:
        return "after anything else" if feature == "last" else f"other {feature}"
    low, high = condition["from"], condition["below"]
    unit = "characters" if feature == "chars" else ""
    if feature == "step" and high == low + 1:
        return f"step {low + 1}"
    if feature == "step":
        return f"from step {low + 1} on" if high is None else f"steps {low + 1} to {high}"
    if high is None:
        return f"from {low:,} {unit}"
    return f"under {high:,} {unit}" if not low else f"{low:,} to {high:,} {unit}"


def find_slices(
    task_id: str,
    rows: npt.NDArray[np.int64],
    visible: Visible,
    actions: Sequence[str | None],
    runs: Sequence[str],
    verdicts: Mapping[int, str] | None = None,
) -> list[Slice]:
    """The slices of the calls ``rows`` of one task, none where no split tells anything.

    ``actions`` and ``runs`` are of every call; ``verdicts`` of those that were replayed: where they tell a split, it counts.
    """
    passed = [verdicts.get(i) for i in range(len(actions))] if verdicts else []
    leaves = _choose(*_halves(rows, passed, runs), passed, visible) if verdicts else []
    chosen_by = "replay" if leaves else "action"
    half, other = _halves(rows, actions, runs)
    leaves = leaves or _choose(half, other, actions, visible)
    found = []
    for conditions in leaves:
        members = rows[holds(conditions, visible, rows)]
        describing = [str(actions[i]) for i in other[holds(conditions, visible, other)]]
        if len(members):  # "anything else" than all there is
            found.append(_describe(task_id, conditions, len(members), len(rows), describing, chosen_by))
    return sorted(found, key=lambda s: (-s.calls, s.slice_id))


def _halves(
    rows: npt.NDArray[np.int64], labels: Sequence[str | None], runs: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The labelled calls of the half that chooses, and of the other; of very many some."""
    told = rows[np.array([labels[i] is not None for i in rows], dtype=bool)] if len(rows) else rows
    if len(told) > MOST_CALLS:
        told = told[np.linspace(0, len(told) - 1, MOST_CALLS).astype(np.int64)]
    choosing = np.array([chooses(runs[i]) for i in told], dtype=bool)
    return told[choosing], told[~choosing]


def _choose(
    half: npt.NDArray[np.int64], other: npt.NDArray[np.int64], labels: Sequence[str | None], visible: Visible
) -> list[tuple[Condition, ...]]:
    """The conditions of each slice; none where no split tells the labels apart or either half has too few calls."""
    if len(half) < 2 * LEAST_CALLS or len(other) < 2 * LEAST_CALLS:
        return []
    named, codes = np.unique(np.array([labels[i] for i in half], dtype=object).astype(str), return_inverse=True)
    leaves = _split(half, codes, len(named), visible, (), DEPTH)
    return leaves if len(leaves) > 1 else []


def holds(conditions: Sequence[Condition], visible: Visible, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """For each of ``rows`` whether all conditions hold."""
    mask = np.ones(len(rows), dtype=bool)
    for condition in conditions:
        feature = condition["feature"]
        values = (visible.categories[feature] if feature in CATEGORIES else visible.numbers[feature])[rows]
        mask &= _holds(condition, values)
    return mask


def slice_of(slices: Sequence[Mapping[str, Any]], seen: Mapping[str, Any]) -> str | None:
    """The slice of one request; ``slices`` as ``{"slice_id", "conditions"}``, ``seen`` by ``visible.request_visible``."""
    for each in slices:
        if all(bool(_holds(c, np.array([seen[c["feature"]]], dtype=object))[0]) for c in each["conditions"]):
            return str(each["slice_id"])
    return None


def _holds(condition: Condition, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if "is" in condition:
        return np.asarray(values == condition["is"], dtype=bool)
    if "not_in" in condition:
        return ~np.isin(values.astype(str), list(condition["not_in"]))
    below = condition["below"]
    return np.asarray((values >= condition["from"]) & ((values < below) if below is not None else True), dtype=bool)


def _split(
    rows: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int64],
    kinds: int,
    visible: Visible,
    conditions: tuple[Condition, ...],
    depth: int,
) -> list[tuple[Condition, ...]]:
    if depth == 0 or len(rows) < 2 * LEAST_CALLS:
        return [conditions]
    taken = {c["feature"] for c in conditions}
    splits = [s for s in _candidates(rows, visible) if s[0]["feature"] not in taken]
    best, best_gain = None, LEAST_GAIN
    for split in splits:
        part_of = np.full(len(rows), -1, dtype=np.int64)
        for k, condition in enumerate(split):
            part_of[holds([condition], visible, rows)] = k
        gain, p = _gain(part_of, codes, len(split), kinds)
        if p * len(splits) <= P and gain > best_gain:
            best, best_gain = (split, part_of), gain
    if best is None:
        return [conditions]
    leaves: list[tuple[Condition, ...]] = []
    split, part_of = best
    for k, condition in enumerate(split):
        inside = part_of == k
        room = len(leaves) + len(split) - k < MOST_SLICES
        deeper = depth - 1 if room else 0
        leaves += _split(rows[inside], codes[inside], kinds, visible, (*conditions, condition), deeper)
    return leaves


def _candidates(rows: npt.NDArray[np.int64], visible: Visible) -> list[list[Condition]]:
    """Ways to part the calls, each a list of conditions of which exactly one holds for any call."""
    least = max(LEAST_CALLS, LEAST_SHARE * len(rows))
    found: list[list[Condition]] = []
    for feature in CATEGORIES:
        counts = Counter(visible.categories[feature][rows].tolist())
        usual = [v for v, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= least]
        usual = usual[: MOST_SLICES - 1]
        if not usual or (len(usual) == 1 and len(counts) == 1):
            continue
        parts: list[Condition] = [{"feature": feature, "is": value} for value in usual]
        found.append([*parts, {"feature": feature, "not_in": usual}])
    for feature in NUMBERS:
        values = visible.numbers[feature][rows]
        cuts = STEPS if feature == "step" else tuple(_round(float(np.quantile(values, q))) for q in CUTS)
        for cut in sorted(set(cuts)):
            if least <= int((values < cut).sum()) <= len(rows) - least:
                low = {"feature": feature, "from": 0, "below": cut}
                found.append([low, {"feature": feature, "from": cut, "below": None}])
    return found


def _gain(part_of: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], parts: int, kinds: int) -> tuple[float, float]:
    """(mutual information in bits, p of the G-test that there is none)."""
    table = np.zeros((parts, kinds))
    np.add.at(table, (part_of, codes), 1.0)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    g = 2 * float((table[table > 0] * np.log(table[table > 0] / expected[table > 0])).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return g / (2 * len(codes) * np.log(2)), float(chi2.sf(g, freedom)) if freedom else 1.0


def _describe(
    task_id: str, conditions: tuple[Condition, ...], calls: int, of: int, labels: Sequence[str], chosen_by: str
) -> Slice:
    digest = blake2b(json.dumps([task_id, *conditions], sort_keys=True).encode(), digest_size=6).hexdigest()
    counts = Counter(labels)
    action = min(counts, key=lambda a: (-counts[a], a)) if counts else None
    low, high = wilson_interval(counts[action], len(labels)) if action is not None else (None, None)
    share = counts[action] / len(labels) if action is not None else None
    return Slice("s_" + digest, conditions, calls, calls / of, action, share, low, high, len(labels), chosen_by)


def chooses(run: str) -> bool:
    """Whether a run is of the half that chooses; the other describes."""
    return bool(blake2b(run.encode(), digest_size=1).digest()[0] & 1)


def _round(value: float) -> int:
    """To two digits: a cut that a person can read."""
    return int(float(f"{value:.1e}"))
