"""Judges on real answers with seeded corruption, the order in which money is settled, and the paired difference.

    python benchmarks/judges.py --data FOLDER [--seeds 100] [--repeats 100]

Prints the tables of docs/replay.md. ``FOLDER`` holds ``calls/`` (recorded calls of four agent apps) and ``replay/`` (answers of four small
models). Each recorded answer is either spelled anew (must pass) or changed in substance (must fail). Seeded.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sqlglot
from replay import read_recorded, task_of  # type: ignore[import-not-found]

from suffice.wire import openai_chat
from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.judges import JUDGES, Frame, Said, judge_answer
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.judges.said import ToolUse, bare, parse_said
from suffice_analysis.judges.sql import statement
from suffice_analysis.judges.values import REASONING
from suffice_analysis.paired import Pairs, difference_lower_bound, non_inferior
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.planning import Prospect, outlook
from suffice_analysis.replay.sequential import Running

Answer = tuple[str, Said]  # the group it belongs to, the answer
BATCH = 8
BUDGETS = (50, 100, 200, 300, 400)  # replayed calls


def read_answers(folder: Path) -> list[Answer]:
    """Every recorded answer of the folder with its label (app and step)."""
    found: list[Answer] = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        labels = _labels(path.with_name(path.name.replace(".jsonl.gz", ".labels.csv")))
        with gzip.open(path, "rt") as lines:
            for line in lines:
                logged = json.loads(line)
                call = openai_chat.parse_request(logged["request"])
                openai_chat.parse_response(call, logged["response"])
                said = parse_said(call.output_messages)
                if not said.is_empty:
                    found.append((labels.get(logged["id"], path.name), said))
    return found


def _labels(path: Path) -> dict[str, str]:
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    return {row[0]: row[1] for row in rows}


def judged(answers: Sequence[Answer], seed: int) -> None:
    """Precision and recall of each judge."""
    rng = random.Random(seed)
    groups: defaultdict[str, list[Said]] = defaultdict(list)
    for group, said in answers:
        groups[group].append(said)
    frames = {group: learn_frame(rng.sample(saids, len(saids))) for group, saids in groups.items()}
    counts: defaultdict[str, Counter[tuple[bool, str]]] = defaultdict(Counter)
    for group, said in answers:
        frame = frames[group]
        judge = next(each for each in JUDGES if each.fits(said, frame)).NAME
        bad = rng.random() < 0.5
        given = corrupted(judge, said, frame, rng) if bad else respelled(judge, said, rng)
        row = judge
        if given is None and judge in ("json", "tool_calls"):  # nothing but prose in it
            row, given = f"{judge}: fields of prose", corrupted_prose(said, rng)
        if given is not None:
            counts[row][bad, judge_answer(said, given, frame).verdict] += 1
    print(
        "| judge | answers | corrupted | precision | recall | right but failed | unjudged |\n|---|---|---|---|---|---|---|"
    )
    for judge, seen in sorted(counts.items()):
        n, bad = sum(seen.values()), sum(v for (was, _), v in seen.items() if was)
        found, false, undecided = (
            seen[True, "fail"],
            seen[False, "fail"],
            seen[True, "unjudged"] + seen[False, "unjudged"],
        )
        print(
            f"| {judge} | {n:,} | {bad:,} | {_share(found, found + false)} | {_share(found, bad)} | {false} of {n - bad:,} | {undecided / n:.1%} |",
            flush=True,
        )


def _share(k: int, n: int) -> str:
    low, high = clopper_pearson_interval(k, n)
    return f"{k / n:.3f} ({low:.3f}–{high:.3f})" if n else "–"


def respelled(judge: str, said: Said, rng: random.Random) -> Said | None:
    """The same answer in another spelling."""
    match judge:
        case "tool_calls":
            calls = [ToolUse(c.name, _shuffled(c.arguments, rng)) for c in said.calls]
            return Said("", tuple(rng.sample(calls, len(calls))))
        case "json":
            value = _json(said.text)
            return None if value is None else Said(json.dumps(_shuffled(value, rng), indent=rng.choice([None, 1, 4])))
        case "label":
            return Said(
                rng.choice(["{}", "{}.", "**{}**", '"{}"', "Answer: {}"]).format(
                    rng.choice([said.text, said.text.upper(), said.text.title()])
                )
            )
        case "sql":
            return Said(
                f"```sql\n{_respelled_sql(statement(said.text))}\n```"
                if rng.random() < 0.5
                else _respelled_sql(statement(said.text))
            )
        case "number":
            return Said(f" {said.text} ")
        case "code":
            return Said("\n".join(line.rstrip() + "  " for line in said.text.splitlines()))
    return Said(re.sub(r"[ \t]+", "  ", said.text))


def _respelled_sql(text: str) -> str:
    """In sqlglot's layout, in lower case where nothing is quoted; what it can't parse with other spaces."""
    try:
        text = sqlglot.transpile(text, read="mysql", write="mysql", pretty=True)[0]
    except sqlglot.errors.SqlglotError:
        text = "  ".join(text.split())
    return f"{text};" if re.search("['\"`]", text) else f"{text.lower()};"


def corrupted(judge: str, said: Said, frame: Frame, rng: random.Random) -> Said | None:
    """An answer near to it that says something else; None where none could be made."""
    match judge:
        case "tool_calls":
            return _other_call(said, frame, rng)
        case "json":
            value = _json(said.text)
            changed = None if value is None else _changed(value, rng, frame.prose)
            return None if changed is None or changed == value else Said(json.dumps(changed))
        case "label":
            others = sorted(frame.labels - {bare(said.text)})
            return Said(rng.choice(others)) if others else Said("something else")
        case "sql":
            return _other_sql(said.text, rng)
        case "number":
            return Said(str(float(re.sub(r"[^\d.\-]", "", said.text) or 0) + rng.choice([1, -1, 10])))
    return _other_text(said.text, rng)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        return {name: _shuffled(value[name], rng) for name in rng.sample(list(value), len(value))}
    return [_shuffled(each, rng) for each in value] if isinstance(value, list) else value


def corrupted_prose(said: Said, rng: random.Random) -> Said | None:
    """A sentence, a number or half of one of its texts."""
    value = _json(said.text)
    names = [name for name, each in value.items() if isinstance(each, str)] if isinstance(value, dict) else []
    if not names:
        return None
    name = rng.choice(names)
    other = _other_text(value[name], rng)
    return None if other is None else Said(json.dumps({**value, name: other.text}))


def _changed(value: Any, rng: random.Random, prose: frozenset[str] = frozenset()) -> Any:
    """One leaf another one, or one field gone; fields of prose stay."""
    if isinstance(value, dict) and value:
        names = [name for name in value if name not in prose and not REASONING.search(name)]
        if not names:
            return value
        name = rng.choice(names)
        if rng.random() < 0.2 and value[name] not in (None, "", [], {}):
            return {k: v for k, v in value.items() if k != name}
        return {**value, name: _changed(value[name], rng, prose)}
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        return [*value[:place], _changed(value[place], rng, prose), *value[place + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + rng.choice([1, -1, 7])
    if isinstance(value, str) and value:
        return (
            re.sub(
                r"\w+",
                lambda m: m[0] if m.start() else ("other" if not m[0].isdigit() else str(int(m[0][:9]) + 1)),
                value,
            )
            if re.match(r"\w", value)
            else value + " other"
        )
    return "other"


def _other_call(said: Said, frame: Frame, rng: random.Random) -> Said | None:
    place = rng.randrange(len(said.calls))
    call = said.calls[place]
    if not call.arguments or rng.random() < 0.3:
        other: ToolUse = ToolUse(f"{call.name}_again", call.arguments)
    else:
        arguments = call.arguments if isinstance(call.arguments, dict) else {"value": call.arguments}
        changed = _changed(arguments, rng, frame.prose)
        if changed == arguments:
            return None
        other = ToolUse(call.name, changed)
    return Said("", (*said.calls[:place], other, *said.calls[place + 1 :]))


_SWAPS = ((r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", lambda m: str(float(m) + 1) if "." in m else str(int(m) + 1)), (r"'[^']+'", lambda m: "'" + m[1:-1] + " x'"), (r">=|<=|<>|!=|=|>|<", lambda m: {"=": "<>", "<>": "=", "!=": "=", ">": "<", "<": ">", ">=": "<", "<=": ">"}[m]), (r"(?i)\b(?:asc|desc)\b(?=\s*(?:,|limit|;|$|\)))", lambda m: "ASC" if m.lower() == "desc" else "DESC"), (r"(?i)\b(?:min|max|sum|avg|count)\b(?=\()", lambda m: "MIN" if m.lower() != "min" else "MAX"), (r"(?i)(?<=from )\w+", lambda m: m + "_x"), (r"(?i)(?<=describe )\w+|(?<=desc )\w+|(?<=columns from )\w+", lambda m: m + "_x"))  # fmt: skip


def _other_sql(text: str, rng: random.Random) -> Said | None:
    usable = [(pattern, change) for pattern, change in _SWAPS if re.search(pattern, text)]
    if not usable:
        return Said(text.replace("TABLES", "DATABASES")) if "TABLES" in text else None
    pattern, change = rng.choice(usable)
    found = rng.choice(list(re.finditer(pattern, text)))
    return Said(text[: found.start()] + change(found[0]) + text[found.end() :])


def _other_text(text: str, rng: random.Random) -> Said | None:
    """A number another one, a sentence gone, or half of it gone."""
    numbers = list(re.finditer(r"\d+", text))
    sentences = re.split(r"(?<=[.!?\n])\s+", text)
    kind = rng.choice(["number"] * bool(numbers) + ["sentence"] * (len(sentences) > 1) + ["half"])
    if kind == "number":
        found = rng.choice(numbers)
        return Said(text[: found.start()] + str(int(found[0][:15]) + 3) + text[found.end() :])
    if kind == "sentence":
        place = rng.randrange(len(sentences))
        if len(re.findall(r"\w+", sentences[place])) < 4:
            return None
        return Said(" ".join(sentences[:place] + sentences[place + 1 :]))
    words = text.split()
    return Said(" ".join(words[: len(words) // 2])) if len(words) >= 8 else Said("something else entirely")


# --- allocation ----------------------------------------------------------------------------------


def allocation(folder: Path, seeds: int) -> None:
    """Money settled per replayed call: by the plan's index, and in turn."""
    base, answers, frames = read_recorded(folder)
    models = [model for model in sorted(answers) if not model.startswith("gpt")]
    passes = {
        (task, model): np.array([
            judge_answer(Said(base[i]), Said(answers[model][i]["answer"] or ""), frames[task]).verdict == "pass"
            for i in base if task_of(i) == task
        ]) for task in frames for model in models
    }  # fmt: skip
    stakes = {
        task: sum(len(base[i]) for i in base if task_of(i) == task) / 4 * 10e-6 for task in frames
    }  # USD of output at $10/Mtok
    print("\n| calls replayed | planned: money settled | in turn | planned at least as much |\n|---|---|---|---|")
    money: dict[bool, list[list[float]]] = {True: [], False: []}
    for seed in range(seeds):
        order = {key: np.random.default_rng(seed).permutation(values) for key, values in passes.items()}
        for plan, found in money.items():
            found.append(settle(order, stakes, plan))
    whole = sum(stakes.values()) * len(models)
    for place, most in enumerate(BUDGETS):
        a, b = (np.array([each[place] for each in money[plan]]) for plan in (True, False))
        print(
            f"| {most} | {a.mean() / whole:.1%} | {b.mean() / whole:.1%} | {int((a >= b - 1e-9).sum())} of {seeds} seeds |",
            flush=True,
        )


def settle(order: Mapping[tuple[str, str], Any], stakes: Mapping[str, float], plan: bool) -> list[float]:
    """USD settled within each of ``BUDGETS``, in batches as ``prove`` sends them."""
    prospects = {
        key: Prospect(key[0], key[0], Candidate(key[1], "http://h"), stakes[key[0]], len(v), 0.0, 0.5, 2.0)
        for key, v in order.items()
    }
    running, asked = {key: Running() for key in order}, dict.fromkeys(order, 0)
    index = {key: outlook(p, p.calls).index for key, p in prospects.items()}
    money, sent, turn, going, found = 0.0, 0, 0, list(order), dict.fromkeys(BUDGETS, 0.0)
    while going and sent < BUDGETS[-1]:
        key = max(going, key=lambda k: (index[k], k)) if plan else going[turn % len(going)]
        turn += 1
        n = min(BATCH, len(order[key]) - asked[key])
        asked[key], sent = asked[key] + n, sent + n
        passed = int(order[key][: asked[key]].sum())
        if running[key].look(passed, asked[key] - passed) != "open":
            money += stakes[key[0]]
            going.remove(key)
        elif asked[key] == len(order[key]):
            going.remove(key)
        index[key] = outlook(prospects[key], len(order[key]) - asked[key], passed, asked[key] - passed).index
        found = {most: money if sent <= most else kept for most, kept in found.items()}
    return list(found.values())


# --- paired difference ---------------------------------------------------------------------------


def paired(folder: Path, repeats: int, n: int = 100) -> None:
    """Coverage of the 90 % interval of the paired difference in accuracy, and what is proven non-inferior at 5 points."""
    _, answers, _ = read_recorded(folder)
    reference = next(model for model in answers if model.startswith("gpt"))
    rng = np.random.default_rng(4)
    print(
        f"\n| task | model | difference | 90 % interval covers, n = {n} | proven no more than 5 points worse |\n|---|---|---|---|---|"
    )
    for task in sorted({task_of(i) for i in answers[reference]}):
        ids = [i for i in answers[reference] if task_of(i) == task]
        right = np.array([bool(answers[reference][i]["correct"]) for i in ids])
        for model in sorted(set(answers) - {reference}):
            own = np.array([bool(answers[model][i]["correct"]) for i in ids])
            truth, held, proven = own.mean() - right.mean(), 0, 0
            for _ in range(repeats):
                drawn = rng.integers(0, len(ids), n)
                b, c = int((right[drawn] & ~own[drawn]).sum()), int((own[drawn] & ~right[drawn]).sum())
                held += _lower(n, b, c) <= truth <= -_lower(n, c, b)
                proven += non_inferior(Pairs(n, b, c))
            print(
                f"| {task} | {model} | {100 * truth:+.1f} points | {held / repeats:.0%} | {proven / repeats:.0%} |",
                flush=True,
            )


@cache
def _lower(n: int, b: int, c: int) -> float:
    return difference_lower_bound(Pairs(n, b, c))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=100)
    chosen = parser.parse_args()
    judged(read_answers(chosen.data / "calls"), seed=1)
    if chosen.seeds:
        allocation(chosen.data / "replay", chosen.seeds)
    if chosen.repeats:
        paired(chosen.data / "replay", chosen.repeats)


if __name__ == "__main__":
    main()
