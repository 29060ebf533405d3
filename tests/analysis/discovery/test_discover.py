"""Discovery as a whole: what must be found in fleets whose tasks are known, and what must not matter."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from analysis.discovery.fleets import (
    TEMPLATES,
    Fleet,
    Said,
    agent_fleet,
    conversation,
    make_fleet,
    one_off,
    read_recording,
    templated,
    tool,
    words,
)
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from suffice_analysis.discovery import Discovery, KnownTask, discover


def found(fleet: Fleet, known: list[KnownTask] | None = None) -> Discovery:
    return discover(fleet.calls, fleet.texts, fleet.toolsets, known=known or [])


def same_grouping(fleet: Fleet) -> bool:
    """Are the tasks exactly the labels?"""
    pairs = set(zip(fleet.labels, found(fleet).task_ids, strict=True))
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def known_of(discovery: Discovery) -> list[KnownTask]:
    return [KnownTask(task.task_id, task.recogniser) for task in discovery.tasks.values()]


def test_twelve_tasks_of_a_fleet() -> None:
    fleet = make_fleet(agent_fleet(each=15))
    assert same_grouping(fleet)
    assert Counter(task.calls for task in found(fleet).tasks.values()) == {15: 12}


def test_four_calls_of_each_are_enough() -> None:
    assert same_grouping(make_fleet(agent_fleet(each=4)))


def test_one_off_prompts_in_the_majority_do_not_swallow_the_tasks() -> None:
    rng = random.Random(2)
    assert same_grouping(make_fleet(agent_fleet(each=10) + [one_off(rng) for _ in range(480)]))


def test_one_off_prompts_alone_are_one_open_task() -> None:
    rng = random.Random(2)
    discovery = found(make_fleet([one_off(rng) for _ in range(200)]))
    assert [(task.name, task.template, task.calls) for task in discovery.tasks.values()] == [
        ("Open requests (no common template)", "…", 200)
    ]


def test_free_text_that_begins_like_a_template_is_not_taken_for_it() -> None:
    """Seen on a large mixture: one word in the same place was enough where a prompt had no other known gram."""
    rng = random.Random(16)
    said = [templated("sql", rng) for _ in range(20)]
    said += [Said([("user", "Write " + words(rng, rng.randint(8, 30)))], label="one-off") for _ in range(120)]
    assert same_grouping(make_fleet(said))


def test_a_giant_chat_app_with_a_short_system_prompt_is_one_task() -> None:
    rng = random.Random(3)
    runs = [call for _ in range(60) for call in conversation("You are a helpful assistant.", "chat", rng, 3)]
    assert same_grouping(make_fleet(runs))


def test_a_single_run_of_an_agent_is_named_by_its_system_message() -> None:
    system = "You are the booking assistant of a small airline. Be polite and look up every flight before you answer."
    discovery = found(make_fleet(conversation(system, "agent", random.Random(1), 12)))
    (task,) = discovery.tasks.values()
    assert (task.calls, task.name) == (12, "Booking assistant of a small airline")
    assert system in task.template


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_calls(count: int) -> None:
    fleet = make_fleet(agent_fleet(each=1)[:count])
    discovery = found(fleet)
    assert len(discovery.task_ids) == len(discovery.point_ids) == count
    assert None not in discovery.task_ids
    assert sum(task.calls for task in discovery.tasks.values()) == count


def test_tasks_that_differ_only_in_their_tools() -> None:
    rng = random.Random(4)
    system = "You help the customers of a small airline. Use the tools that you are given."
    search, cancel = [tool("search_flights", "from", "to")], [tool("cancel_booking", "id"), tool("refund", "id")]
    said = [
        call
        for _ in range(20)
        for label, tools in (("search", search), ("cancel", cancel))
        for call in conversation(system, label, rng, 2, tools)
    ]
    assert same_grouping(make_fleet(said))


def test_tools_chosen_anew_for_each_call_do_not_split_a_task() -> None:
    rng = random.Random(5)
    system = "You help the customers of a small airline. Use the tools that you are given."
    offered = [tool(f"tool_{n}", "x") for n in range(80)]
    said = [call for _ in range(50) for call in conversation(system, "agent", rng, 1, rng.sample(offered, 5))]
    assert same_grouping(make_fleet(said))


def test_tasks_that_differ_only_in_the_form_asked_for() -> None:
    rng = random.Random(6)
    schema = {"type": "json_schema", "json_schema": {"name": "invoice", "schema": {"properties": {"total": {}}}}}
    said = [
        Said(
            [("system", "You read letters of customers."), ("user", words(rng, 20))], label=label, response_format=form
        )
        for _ in range(15)
        for label, form in (("json", schema), ("free", None))
    ]
    assert same_grouping(make_fleet(said))


def test_embeddings_are_a_task_of_their_own() -> None:
    rng = random.Random(7)
    said = [
        Said([("user", words(rng, 20))], label=operation, operation=operation)
        for _ in range(15)
        for operation in ("embeddings", "chat")
    ]
    assert same_grouping(make_fleet(said))


def test_instructions_under_one_long_system_prompt_are_told_apart() -> None:
    rng = random.Random(8)
    system = (
        "You are an assistant of ACME. Follow the policy: be polite, be brief, never promise refunds, cite the source."
    )
    asked = ["Classify the message: {x}", "Draft a reply to the message: {x}", "Extract the order numbers of: {x}"]
    said = [
        Said([("system", system), ("user", each.format(x=words(rng, 12)))], label=each)
        for _ in range(20)
        for each in asked
    ]
    assert same_grouping(make_fleet(said))


def test_questions_that_recur_under_one_system_prompt_stay_one_task() -> None:
    rng = random.Random(9)
    system = "You answer questions about the shop. Look at the policy first, and cite the paragraph that you used."
    questions = [words(rng, 15) for _ in range(12)]
    said = [
        Said([("system", system), ("user", question)], answer=words(rng, 3), label="shop")
        for question in questions
        for _ in range(6)
    ]
    assert same_grouping(make_fleet(said))


def test_any_language() -> None:
    rng = random.Random(10)
    asked = [
        "请把下面的客户留言分类为账单、物流、退货或其他，并只回答类别名称。留言：{x}",
        "次の文章を一文で要約してください。文章：{x}",
        "Определи тональность отзыва: положительная, отрицательная или нейтральная. Отзыв: {x}",
    ]
    assert same_grouping(
        make_fleet([Said([("user", each.format(x=words(rng, 9)))], label=each) for _ in range(12) for each in asked])
    )


def test_what_names_a_call_does_not_group_it() -> None:
    """No id, trace, model, service or name: blanked or shuffled, the same calls are the same tasks."""
    fleet = make_fleet(
        [Said(c.messages, c.answer, c.label, task_name=f"n{i % 7}") for i, c in enumerate(agent_fleet(12))]
    )
    before = found(fleet).task_ids
    rng = random.Random(11)
    calls = fleet.calls
    for column in ("call_id", "external_id", "run_id", "service", "model", "agent_name", "task_name"):
        values = calls[column].to_pylist()
        rng.shuffle(values)
        shuffled = pa.array(values if column != "service" else [None] * len(values), pa.string())
        calls = calls.set_column(calls.column_names.index(column), column, shuffled)
    assert found(Fleet(calls, fleet.texts, fleet.toolsets, fleet.labels)).task_ids == before


def test_the_order_of_calls_does_not_matter() -> None:
    rng = random.Random(12)
    fleet = make_fleet(agent_fleet(each=8) + [one_off(rng) for _ in range(40)])
    order = list(range(fleet.calls.num_rows))
    rng.shuffle(order)
    straight, mixed = found(fleet), found(fleet.part(order))
    assert [straight.task_ids[i] for i in order] == mixed.task_ids
    assert [straight.point_ids[i] for i in order] == mixed.point_ids
    assert straight.tasks == mixed.tasks
    assert straight.templates == mixed.templates


def test_ids_stay_when_calls_are_added() -> None:
    rng = random.Random(13)
    fleet = make_fleet(agent_fleet(each=20) + [one_off(rng) for _ in range(60)])
    some = list(range(0, fleet.calls.num_rows, 6))
    old = [i for i in range(fleet.calls.num_rows) if i not in set(some)]
    first = found(fleet.part(old))
    second = found(fleet, known_of(first))
    assert [second.task_ids[i] for i in old] == first.task_ids
    assert set(second.tasks) == set(first.tasks)


def test_a_new_task_gets_a_new_id_and_the_others_keep_theirs() -> None:
    rng = random.Random(14)
    said = [templated(label, rng) for label in list(TEMPLATES)[:5] for _ in range(10)]
    first = found(make_fleet(said))
    more = make_fleet(said + [templated("title", rng) for _ in range(10)])
    second = found(more, known_of(first))
    assert second.task_ids[:50] == first.task_ids
    assert set(first.tasks) < set(second.tasks)
    assert len(second.tasks) == 6


def test_names_that_the_app_gave() -> None:
    rng = random.Random(15)
    said = [
        Said(c.messages, c.answer, label, task_name="invoice-reader" if label == "extract" else None)
        for label in ("extract", "sql")
        for c in [templated(label, rng) for _ in range(10)]
    ]
    names = {(task.name, task.name_source) for task in found(make_fleet(said)).tasks.values()}
    assert ("invoice-reader", "app") in names
    assert len(names) == 2


def _labels(folder: Path) -> Mapping[str, str]:
    labels: dict[str, str] = {}
    for path in sorted(folder.glob("*.labels.csv")):
        with path.open(newline="") as rows:
            labels.update({row["id"]: row["task"] for row in csv.DictReader(rows)})
    return labels


@pytest.mark.shared
def test_the_steps_of_one_real_app(shared_data: Path) -> None:
    """The floor is ARI 0.46 and AMI 0.64 (the first 80 characters: 0.46 and 0.62)."""
    logged, fleet = read_recording(shared_data / "calls" / "metagpt_cache.jsonl.gz")
    labels = _labels(shared_data / "calls")
    truth = [labels[call["id"]] for call in logged]
    tasks = found(fleet).task_ids
    assert adjusted_rand_score(truth, tasks) >= 0.53
    assert adjusted_mutual_info_score(truth, tasks) >= 0.69
