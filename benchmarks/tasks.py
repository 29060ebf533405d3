#!/usr/bin/env python3
"""How well discovery finds the tasks of real recordings, beside what others do. One run prints it all.

    benchmarks/tasks.py [FOLDER] [--no-baselines] [--map]

FOLDER holds ``*.jsonl.gz`` neutral call logs, each with a ``*.labels.csv`` (columns id, task, action);
default ``$SUFFICE_SHARED/data/calls``, else ``../shared/data/calls``. ARI and AMI compare the found tasks
with the labels (1 = the same); "action" is how well tasks, templates and slices recover the labels' action.
``one-off prompts``: each app among four times as many prompts that come once; scored are the app's own calls, and how many
one-off prompts a template took (the others are open requests, as calls of an app without a template are). ``stability``: what a fifth more calls, another seed and five analyses of growing
data change. ``at best``: what no method on these labels can pass, in two ways.
Baselines: grouping by the first 80 characters of the request, and TF-IDF + UMAP + HDBSCAN, where a call
left as noise counts as a task of its own.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import random
import resource
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from suffice.privacy.hashing import Hasher
from suffice.privacy.pseudonyms import Pseudonyms
from suffice.wire.canonical import canonical_json, canonical_message, chains, content_hash, message_hash
from suffice_analysis.discovery import Discovery, KnownTask, MessageText, discover, draw_map
from suffice_analysis.discovery.finding import learn
from suffice_analysis.discovery.heads import read_heads
from suffice_analysis.discovery.reading import HeadReader
from suffice_analysis.discovery.text import message_parts
from suffice_analysis.profile import group_rows
from suffice_analysis.slices import find_slices, holds
from suffice_analysis.threads import run_groups
from suffice_analysis.visible import read_visible

ROOT = Path(__file__).resolve().parent.parent
Logged = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("SUFFICE_SHARED", ROOT.parent / "shared"))
    parser.add_argument("folder", nargs="?", type=Path, default=shared / "data" / "calls")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--map", action="store_true", help="time the map too")
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*.jsonl.gz"))
    if not paths:
        raise SystemExit(f"no *.jsonl.gz in {options.folder}")
    apps = {path.name.removesuffix(".jsonl.gz"): read_log(path) for path in paths}
    labels = read_labels(options.folder)
    methods: dict[str, Callable[[Sequence[Logged]], list[Any]]] = {"suffice": by_templates}
    if not options.no_baselines:
        methods |= {"first 80 characters": by_first_characters, "TF-IDF+UMAP+HDBSCAN": by_topics}
    print(f"{'calls':<16}{'method':<22}{'n':>6}{'labels':>8}{'tasks':>7}{'ARI':>7}{'AMI':>7}{'s':>8}")
    for name, calls in {"all": [c for app in apps.values() for c in app], **apps}.items():
        truth = [labels[call["id"]]["task"] for call in calls]
        for method, group in methods.items():
            started = time.perf_counter()
            found = group(calls)
            seconds = time.perf_counter() - started
            ari, ami = adjusted_rand_score(truth, found), adjusted_mutual_info_score(truth, found)
            kinds = len(set(truth))
            print(
                f"{name:<16}{method:<22}{len(calls):>6}{kinds:>8}{len(set(found)):>7}{ari:>7.3f}{ami:>7.3f}{seconds:>8.1f}"
            )
    everything = [c for app in apps.values() for c in app]
    calls_table, texts, toolsets = as_read(everything)
    started = time.perf_counter()
    discovery = discover(calls_table, texts, toolsets)
    seconds = time.perf_counter() - started
    print(f"\ndiscovery alone: {len(everything)} calls in {seconds:.1f} s, {len(discovery.templates)} templates")
    print_actions({"all": everything, **apps}, labels)
    print_ceilings(apps, labels)
    print_hashed({"all": everything, **apps}, labels)
    print_one_offs(apps, labels)
    print_stability(calls_table, texts, toolsets)
    if options.map:
        started = time.perf_counter()
        draw_map(discovery)
        print(f"map: {time.perf_counter() - started:.1f} s")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB\n")
    for task in discovery.tasks.values():
        print(f"{task.calls:>6}  {task.name}")


def print_actions(apps: Mapping[str, Sequence[Logged]], labels: Mapping[str, Mapping[str, str]]) -> None:
    """How well what a router can see foretells the label's action: AMI of tasks, of their templates, of their slices."""
    print(f"\n{'AMI with the action':<20}{'actions':>9}{'tasks':>8}{'templates':>11}{'slices':>8}{'of':>5}")
    for name, calls in apps.items():
        table, texts, toolsets = as_read(calls)
        found = discover(table, texts, toolsets)
        actions = [labels[call["id"]]["action"] for call in calls]
        parts = sliced(found.task_ids, actions, table, texts, toolsets)
        groups: list[Sequence[Any]] = [list(map(str, found.task_ids)), list(map(str, found.point_ids)), parts]
        tasks, templates, slices = (adjusted_mutual_info_score(actions, each) for each in groups)
        row = f"{name:<20}{len(set(actions)):>9}{tasks:>8.3f}{templates:>11.3f}{slices:>8.3f}{len(set(parts)):>5}"
        print(row)


def print_ceilings(apps: Mapping[str, Sequence[Logged]], labels: Mapping[str, Mapping[str, str]]) -> None:
    """What could be reached at best, with the labels in hand: by naming what was found, and by cutting the tree of all
    requests (cosine of their template grams, average linkage) wherever it suits the labels most."""
    print(f"\n{'at best, knowing the labels':<50}{'tasks':>7}{'ARI':>7}{'AMI':>7}")
    for name, calls in apps.items():
        truth = [labels[call["id"]]["task"] for call in calls]
        if len(set(truth)) < 2:
            continue
        table, texts, toolsets = as_read(calls)
        found = discover(table, texts, toolsets)
        print_score(f"{name}: each task under its commonest label", truth, commonest(found.task_ids, truth))
        print_score(f"{name}: each template under its commonest label", truth, commonest(found.point_ids, truth))
        print_score(f"{name}: the best cut of the requests' tree", truth, best_cut(table, texts, toolsets, truth))


def print_score(name: str, truth: Sequence[str], found: Sequence[Any]) -> None:
    ari, ami = adjusted_rand_score(truth, found), adjusted_mutual_info_score(truth, found)
    print(f"{name:<50}{len(set(found)):>7}{ari:>7.3f}{ami:>7.3f}")


def commonest(groups: Sequence[str | None], truth: Sequence[str]) -> list[str]:
    counted: dict[str | None, Counter[str]] = {}
    for group, label in zip(groups, truth, strict=True):
        counted.setdefault(group, Counter())[label] += 1
    return [counted[group].most_common(1)[0][0] for group in groups]


def best_cut(
    table: pa.Table, texts: Mapping[str, MessageText], toolsets: Mapping[str, list[Any]], truth: Sequence[str]
) -> list[int]:
    """The partition of highest ARI among all that cut the tree anywhere. ARI is a ratio of sums over parts, so Dinkelbach's
    method (1967, Management Science 13:492) with the best parts of each subtree finds it exactly."""
    heads = read_heads(table, texts, toolsets)
    reader, every = HeadReader(heads, texts), np.arange(len(heads))
    rows = learn(every, heads, reader).rows(reader.documents(every))
    distance = 1 - np.clip(np.asarray((rows @ rows.T).todense(), dtype=float), 0, 1)
    np.fill_diagonal(distance, 0)
    merges = linkage(squareform(distance, checks=False), "average")[:, :2].astype(int).tolist()
    n, kinds = len(heads), sorted(set(truth))
    counts = np.zeros((2 * n - 1, len(kinds)))
    np.add.at(counts, (heads.of_call, [kinds.index(label) for label in truth]), 1)
    for i, (one, other) in enumerate(merges):
        counts[n + i] = counts[one] + counts[other]
    same, pairs = (counts * (counts - 1) / 2).sum(axis=1), counts.sum(axis=1) * (counts.sum(axis=1) - 1) / 2
    alike = float((counts[-1] * (counts[-1] - 1) / 2).sum())
    chance, ratio, parts = alike / pairs[-1], -1.0, [2 * n - 2]
    while True:
        worth = (same - chance * pairs) - ratio * (pairs / 2 - chance * pairs)
        own = worth.copy()
        for i, (one, other) in enumerate(merges):
            worth[n + i] = max(worth[n + i], worth[one] + worth[other])
        parts, label = [2 * n - 2], np.zeros(n, dtype=int)
        for part in parts:  # grows while it is walked
            if part >= n and own[part] < worth[part]:
                parts += merges[part - n]
            else:
                label[leaves(part, merges, n)] = part
        kept = np.unique(label)
        now = (same[kept] - chance * pairs[kept]).sum() / ((alike + pairs[kept].sum()) / 2 - chance * pairs[kept].sum())
        if now <= ratio + 1e-12:
            return [int(each) for each in label[heads.of_call]]
        ratio = now


def leaves(part: int, merges: Sequence[Sequence[int]], n: int) -> list[int]:
    found, open_parts = [], [part]
    while open_parts:
        each = open_parts.pop()
        if each < n:
            found.append(each)
        else:
            open_parts += merges[each - n]
    return found


def print_hashed(apps: Mapping[str, Sequence[Logged]], labels: Mapping[str, Mapping[str, str]]) -> None:
    """The same calls as ``capture="hashed"`` records them: grams and names of tools, no word of text."""
    hasher = Hasher(b"k" * 32, Pseudonyms(b"k" * 32))
    print(f"\n{'captured hashed':<50}{'tasks':>7}{'ARI':>7}{'AMI':>7}")
    for name, calls in apps.items():
        table, texts, toolsets = as_read(calls)
        hidden = {
            key: MessageText(
                text.role, json.dumps(hasher.message({"role": text.role, "parts": message_parts(text.content)}))
            )
            for key, text in texts.items()
        }
        tools = {key: [hasher.tool(each) for each in own] for key, own in toolsets.items()}
        truth = [labels[call["id"]]["task"] for call in calls]
        print_score(name, truth, list(map(str, discover(table, hidden, tools).task_ids)))


def print_one_offs(apps: Mapping[str, Sequence[Logged]], labels: Mapping[str, Mapping[str, str]]) -> None:
    """Each app among 80 % prompts that come once."""
    print(f"\n{'with 80 % one-off prompts':<38}{'n':>6}{'tasks':>7}{'ARI':>7}{'AMI':>7}{'one-offs taken':>16}")
    for name, calls in {"all": [c for app in apps.values() for c in app], **apps}.items():
        mixed = [*calls, *one_offs(4 * len(calls), seed=1)]
        discovery = discover(*as_read(mixed))
        found = [str(task_id) for task_id in discovery.task_ids]
        own, others = found[: len(calls)], found[len(calls) :]
        templated = {t.task_id for t in discovery.tasks.values() if t.recogniser["kind"] == "template"}
        truth = [labels[call["id"]]["task"] for call in calls]
        ari, ami = adjusted_rand_score(truth, own), adjusted_mutual_info_score(truth, own)
        taken = sum(each in templated for each in others) / len(others)
        print(f"{name:<38}{len(mixed):>6}{len(set(own)):>7}{ari:>7.3f}{ami:>7.3f}{taken:>16.2%}")


def one_offs(count: int, seed: int) -> list[Logged]:
    """Prompts of 6 to 80 words in an order that none shares with another."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(20_000)]
    answer = {"choices": [{"message": {"role": "assistant", "content": "ok"}}]}
    asked = [" ".join(rng.choices(words, k=rng.randint(6, 80))) for _ in range(count)]
    return [{"request": {"messages": [{"role": "user", "content": text}]}, "response": answer} for text in asked]


def print_stability(table: pa.Table, texts: Mapping[str, MessageText], toolsets: Mapping[str, list[Any]]) -> None:
    """By run group, so that no run is cut."""
    groups = run_groups(table["chain_before"], table["chain_after"])
    place = np.random.default_rng(0).permutation(int(groups.max()) + 1) / (int(groups.max()) + 1)
    before: dict[int, str | None] = {}
    first: dict[int, str | None] = {}
    known: list[KnownTask] = []
    decided: list[str] = []
    print(
        "\nfive analyses of growing data: calls of the one before whose task's id changed, and how many of the calls of four tasks"
    )
    print(
        "that a user decided about after the first (one renamed, one pinned, one merged into another) are where they belong"
    )
    for share in (0.5, 0.6, 0.7, 0.8, 1.0):
        rows = np.flatnonzero(place[groups] < share)
        merged = dict([decided[2:]]) if decided else {}
        found = discover(table.take(pa.array(rows)), texts, toolsets, known=known, merged=merged)
        now = dict(zip(rows.tolist(), found.task_ids, strict=True))
        moved = sum(now[row] != task for row, task in before.items())
        said = f", {moved} moved ({moved / len(before):.2%})" if before else ""
        if decided:
            wanted = {row: merged.get(str(task), task) for row, task in first.items() if task in decided}
            said += f"; decided: {sum(now[row] == task for row, task in wanted.items())} of {len(wanted)}"
        else:
            first, decided = now, largest_templates(found)[:4]
            now = {row: decided[3] if task == decided[2] else task for row, task in now.items()}
        print(f"  {share:>4.0%} {len(rows):>6} calls, {len(found.tasks)} tasks{said}")
        before = now
        known = [KnownTask(t.task_id, t.recogniser, t.name, t.task_id == decided[1]) for t in found.tasks.values()]
    seeds = [discover(table, texts, toolsets, seed=seed).task_ids for seed in (0, 1)]
    print(f"two seeds: ARI {adjusted_rand_score(*(list(map(str, each)) for each in seeds)):.3f}")


def largest_templates(found: Discovery) -> list[str]:
    return [task.task_id for task in found.tasks.values() if task.recogniser["kind"] == "template"]


def by_templates(calls: Sequence[Logged]) -> list[Any]:
    """suffice itself. A call without a task would be one of its own."""
    table, texts, toolsets = as_read(calls)
    return [task or f"none-{i}" for i, task in enumerate(discover(table, texts, toolsets).task_ids)]


def sliced(
    task_ids: Sequence[str | None],
    actions: Sequence[str | None],
    table: pa.Table,
    texts: Mapping[str, MessageText],
    toolsets: Mapping[str, list[Any]],
) -> list[str]:
    """Task and slice of each call. Splits are chosen by the labels' action on half of the runs; the score is over all."""
    visible = read_visible(table, texts, toolsets)
    runs = [str(group) for group in run_groups(table["chain_before"], table["chain_after"])]
    found = [str(task_id) for task_id in task_ids]
    for task_id, members in group_rows(task_ids).items():
        rows = np.asarray(members)
        for each in find_slices(task_id, rows, visible, actions, runs):
            for row in rows[holds(each.conditions, visible, rows)]:
                found[row] = f"{task_id} {each.slice_id}"
    return found


def by_first_characters(calls: Sequence[Logged]) -> list[Any]:
    """The request's first 80 characters."""
    return [request_text(call)[:80] for call in calls]


def by_topics(calls: Sequence[Logged]) -> list[Any]:
    """TF-IDF of the request, UMAP to 10 dimensions, HDBSCAN: what peers do, with their defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap
        from sklearn.cluster import HDBSCAN
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectors = TfidfVectorizer(max_features=20_000, sublinear_tf=True).fit_transform(map(request_text, calls))
        places = umap.UMAP(
            n_components=10, n_neighbors=15, min_dist=0.0, metric="cosine", random_state=0
        ).fit_transform(vectors)
        found = HDBSCAN(min_cluster_size=10, copy=True).fit_predict(places)
    return [f"none-{i}" if cluster < 0 else int(cluster) for i, cluster in enumerate(found)]


def request_text(call: Logged) -> str:
    """The request's messages as one text."""
    return "\n".join(str(message.get("content") or "") for message in call["request"]["messages"])


def read_log(path: Path) -> list[Logged]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_labels(folder: Path) -> dict[str, dict[str, str]]:
    labels: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.labels.csv")):
        with path.open(newline="") as rows:
            labels.update({row["id"]: row for row in csv.DictReader(rows)})
    return labels


def as_read(calls: Sequence[Logged]) -> tuple[pa.Table, dict[str, MessageText], dict[str, list[Any]]]:
    """Calls, texts and toolsets as the named reads give them; only what a request holds, no id, trace or model."""
    texts: dict[str, MessageText] = {}
    toolsets: dict[str, list[Any]] = {}
    rows: list[dict[str, Any]] = []
    for call in calls:
        request = call["request"]
        inputs = [store_message(message, texts) for message in request["messages"]]
        answer = store_message(call["response"]["choices"][0]["message"], texts)
        before, after = chains(inputs, [message["role"] for message in request["messages"]], answer)
        tools = [{"type": "function", **tool["function"]} for tool in request.get("tools") or ()]
        toolset = content_hash("default", tools) if tools else None
        if toolset:
            toolsets[toolset] = tools
        form = request.get("response_format")
        rows.append(
            {
                "operation": "chat",
                "input_hashes": inputs,
                "output_hashes": [answer],
                "chain_before": before,
                "chain_after": after,
                "toolset_hash": toolset,
                "response_format": json.dumps(form) if form else None,
            }
        )
    schema = pa.schema([(n, pa.list_(pa.string()) if n.endswith("hashes") else pa.string()) for n in rows[0]])
    return pa.Table.from_pylist(rows, schema), texts, toolsets


def store_message(message: Mapping[str, Any], texts: dict[str, MessageText]) -> str:
    parts: list[dict[str, Any]] = []
    if message["role"] == "tool":
        parts.append(
            {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": message.get("content")}
        )
    elif message.get("content"):
        parts.append({"type": "text", "content": message["content"]})
    parts += [{"type": "tool_call", "id": tool["id"], **tool["function"]} for tool in message.get("tool_calls") or ()]
    canonical = canonical_message({"role": message["role"], "parts": parts})
    key = message_hash("default", canonical)
    if key not in texts:
        texts[key] = MessageText(canonical["role"], canonical_json(canonical).decode("utf-8", "replace"))
    return key


if __name__ == "__main__":
    main()
