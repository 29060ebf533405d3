"""A small fleet's records: calls with conversations, and one published analysis of them, as rows of the store's tables.

Plausible and deterministic, so that tests compare whole values. The analysis rows are written by hand here, because
the pages are tested, not the analysis: one task of each verdict, an unpriced model, errors, hostile text.
"""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa

from suffice.wire.canonical import CANONICAL_VERSION, call_hash, canonical_message, chain_hash, message_hash

Rows = list[dict[str, Any]]

PROJECT = "default"
ANALYSIS = "a-20261120-7f3c"
START_NS = 1_794_787_200 * 10**9  # 2026-11-16 00:00 UTC
HOUR_NS = 3600 * 10**9
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

# name, kind, service, model, verdict, (low, value, high), grade, calls, input tokens, output tokens, answer form
TASKS: list[tuple[str, str, str, str, str, tuple[float, float, float], str, int, int, int, str]] = [
    ("Extract invoice fields", "extraction", "invoices", "gpt-5.2", "likely", (0.78, 0.88, 0.95), "proxy", 260, 1900, 140, "json"),
    ("Classify support ticket", "classification", "helpdesk", "gpt-5.2", "likely", (0.81, 0.91, 0.97), "proxy", 340, 620, 6, "label"),
    ("Route to a team", "routing", "helpdesk", "claude-sonnet-5", "likely", (0.72, 0.85, 0.94), "proxy", 180, 540, 9, "label"),
    ("Choose the next tool", "tool_choice", "travel-agent", "claude-sonnet-5", "untested", (0.34, 0.61, 0.83), "prior", 300, 4100, 85, "tool_call"),
    ("Summarise a meeting", "summarising", "notes", "gpt-5.2", "untested", (0.38, 0.58, 0.77), "prior", 90, 7800, 420, "long_text"),
    ("Write SQL for a question", "sql", "analytics", "gpt-5.2", "untested", (0.22, 0.47, 0.72), "prior", 120, 2600, 130, "sql"),
    ("Review code changes", "review", "ci-bot", "claude-sonnet-5", "stays", (0.08, 0.21, 0.39), "prior", 140, 9400, 760, "long_text"),
    ("Plan the work", "planning", "ci-bot", "claude-sonnet-5", "stays", (0.07, 0.18, 0.36), "prior", 60, 5200, 640, "long_text"),
    ("Open conversation", "conversation", "helpdesk", "gpt-5.2", "stays", (0.10, 0.24, 0.42), "prior", 210, 2900, 230, "long_text"),
    ("Rewrite in plain words", "rewriting", "notes", "gpt-5.2-mini", "likely", (0.70, 0.83, 0.92), "proxy", 80, 900, 310, "short_text"),
    ("Answer from the manual", "question_answering", "helpdesk", "in-house-70b", "untested", (0.30, 0.55, 0.78), "prior", 110, 5100, 190, "short_text"),
    (f"Tag a web page {HOSTILE}", "classification", "crawler", "gpt-5.2-mini", "likely", (0.66, 0.80, 0.90), "proxy", 110, 1500, 8, "label"),
]  # fmt: skip

USD_PER_MTOK = {"gpt-5.2": (1.75, 14.0), "claude-sonnet-5": (3.0, 15.0), "gpt-5.2-mini": (0.25, 2.0)}
PROVIDERS = {"gpt-5.2": "openai", "gpt-5.2-mini": "openai", "claude-sonnet-5": "anthropic", "in-house-70b": "vllm"}

TEAMS = {"helpdesk": "support", "ci-bot": "platform"}

TEMPLATES = {
    "extraction": "You read invoices. Return JSON with the fields number, date, total and currency, nothing else.\n\nInvoice:\n…",
    "classification": "Classify the text into exactly one of: billing, bug, feature, account.\nAnswer with the label only.\n\nText: …",
    "routing": "Decide which team takes this request: payments, identity, data, platform.\nCustomer tier: …\nRequest: …",
    "tool_choice": "You are a travel agent. Use the tools to book what the customer asks for. Today is ….\nNever invent a price.",
    "summarising": "Summarise this meeting in at most ten points, with owners and dates.\n\nTranscript of …:\n…",
    "sql": "Write one PostgreSQL query for the question. Schema:\n…\n\nQuestion: …",
    "review": "Review this change. Name bugs first, then style. Repository: …\n\n```diff\n…\n```",
    "planning": "Break the goal into steps that one engineer can do in a day. Goal: …\nConstraints: …",
    "conversation": "You are the friendly assistant of … . Help, and hand over to a person when asked.",
    "rewriting": "Rewrite the text in plain words for a reader of twelve years. Keep every fact.\n\n…",
    "question_answering": "Answer from these passages only; say so where they don't tell.\n\n…\n\nQuestion: …",
}


def task_id(place: int) -> str:
    """The id of the task at that place of ``TASKS``."""
    return f"t{place:02d}{'0123456789abcdef'[place % 16] * 6}"


def fleet_tables() -> dict[str, Rows]:
    """Rows by table: the traffic and its analysis."""
    tables = traffic()
    for name, rows in analysis(tables["calls"]).items():
        tables[name] = rows
    return tables


def traffic() -> dict[str, Rows]:
    """Calls in runs of one to six steps over five days, with every message that they hold."""
    chance = random.Random(7)
    calls: Rows = []
    messages: dict[str, dict[str, Any]] = {}
    for place, (_name, kind, service, model, _, _, _, count, size_in, size_out, form) in enumerate(TASKS):
        steps = 6 if kind == "tool_choice" else 1
        history: list[str] = []
        run = ""
        started = 0
        for number in range(count):
            if number % steps == 0:
                run = call_hash(PROJECT, f"run-{place}", str(number // steps))
                started = START_NS + int(chance.random() * 120) * HOUR_NS + int(chance.random() * HOUR_NS)
                history = [
                    _store_message(messages, "system", [_text(TEMPLATES[kind].split("\n")[0])]),
                    _store_message(messages, "user", [_text(_request(kind, number, chance))]),
                ]
            failed = chance.random() < 0.02
            last = number % steps == steps - 1
            answer = [] if failed else [_store_message(messages, "assistant", _answer(form, kind, number, last))]
            latency = 180 + size_out * 9 * (0.6 + chance.random())
            tokens_in, tokens_out = (
                int(size_in * (0.7 + 0.6 * chance.random())),
                int(size_out * (0.7 + 0.6 * chance.random())),
            )
            calls.append({
                "project": PROJECT, "call_id": call_hash(PROJECT, run, f"{place}-{number}"),
                "started_day": started // (86_400 * 10**9), "trace_id": run, "span_id": f"{number:016x}", "run_id": run,
                "run_name": service, "step": number % steps + 1, "service": service, "environment": "production",
                "agent_name": service, "task_name": None,
                "user_id": f"user-{number % 3}" if service == "helpdesk" else None, "team": TEAMS.get(service), "call_site": f"{service.replace('-', '_')}/agent.py:step:{40 + place}",
                "attempt": 1, "started_ns": started, "ended_ns": started + int(latency * 1e6), "received_ns": started + HOUR_NS,
                "time_to_first_token_ms": 140.0 + 10 * place, "operation": "chat", "provider": PROVIDERS[model],
                "wire_format": "openai.chat", "request_model": model, "response_model": None if failed else model,
                "stream": False, "status_code": 500 if failed else 200, "error_type": "InternalServerError" if failed else None,
                "error_message": "The server had an error" if failed else None, "finish_reason": None if failed else "stop",
                "completeness": "error" if failed else "complete", "input_tokens": None if failed else tokens_in,
                "output_tokens": None if failed else tokens_out, "usage_source": "absent" if failed else "reported",
                "input_hashes": list(history), "output_hashes": answer, "chain_after": chain_hash([*history, *answer]),
                "source": "otlp", "dialect": "suffice", "normaliser_version": 1, "attributes": json.dumps({"gen_ai.agent.name": service}),
            })  # fmt: skip
            started += int(latency * 1e6) + 250_000_000
            if answer and steps > 1:
                result = {
                    "type": "tool_call_response",
                    "id": f"c{number}",
                    "response": {"found": 3, "cheapest_usd": 188 + number},
                }
                history = [*history, *answer, _store_message(messages, "tool", [result])]
    return {"calls": calls, "messages": list(messages.values()), "prices": _prices()}


def _prices() -> Rows:
    return [
        {"project": PROJECT, "provider": PROVIDERS[model], "model": model, "tier": "standard", "context_from_tokens": 0,
         "valid_from_day": 20_000, "input_usd_per_mtok": Decimal(str(given)), "output_usd_per_mtok": Decimal(str(taken)),
         "source": "the fixture", "source_date": "2026-11-01", "recorded_ns": START_NS}
        for model, (given, taken) in USD_PER_MTOK.items()
    ]  # fmt: skip


def _text(content: str) -> dict[str, Any]:
    return {"type": "text", "content": content}


def _store_message(messages: dict[str, dict[str, Any]], role: str, parts: list[dict[str, Any]]) -> str:
    canonical = canonical_message({"role": role, "parts": parts})
    hashed = message_hash(PROJECT, canonical)
    content = json.dumps(canonical, ensure_ascii=False)
    messages[hashed] = {"project": PROJECT, "message_hash": hashed, "role": canonical["role"], "content": content,
                        "chars": len(content), "canonical_version": CANONICAL_VERSION, "received_ns": START_NS}  # fmt: skip
    return hashed


def _request(kind: str, number: int, chance: random.Random) -> str:
    lines = {
        "extraction": f"Invoice:\nNo. 2026-{number:04d}\nNordwind GmbH\nTotal due {chance.randint(90, 9000)}.40 EUR by 30 November",
        "classification": f"Text: I was charged twice for order {number}, please look at it. {HOSTILE}",
        "tool_choice": f"I need to be in Lisbon on the {number % 28 + 1}th, under 250 dollars, and a hotel near the river.",
        "sql": f"Question: revenue by region for the last {number % 11 + 2} months, without test accounts",
        "review": "```diff\n" + "\n".join(f"+ line {i} of change {number}" for i in range(60)) + "\n```",
    }
    return lines.get(
        kind, f"Request {number}: please take care of the thing that I described yesterday, with all its details."
    )


def _answer(form: str, kind: str, number: int, last: bool) -> list[dict[str, Any]]:
    if form == "json":
        return [
            _text(json.dumps({"number": f"2026-{number:04d}", "total": 240.4, "currency": "EUR", "date": "2026-11-30"}))
        ]
    if form == "label":
        return [_text(("billing", "bug", "feature", "account")[number % 4])]
    if form == "tool_call" and not last:
        tool = ("search_flights", "search_hotels", "get_weather")[number % 3]
        return [
            {
                "type": "tool_call",
                "id": f"c{number}",
                "name": tool,
                "arguments": {"city": "Lisbon", "day": number % 28 + 1, "max_usd": 250},
            }
        ]
    if form == "sql":
        return [
            _text(
                f"SELECT region, sum(amount)\nFROM orders\nWHERE created > now() - interval '{number % 11 + 2} months'\nGROUP BY region;"
            )
        ]
    return [
        _text(
            f"Here is what I found for request {number}: "
            + "the details are in order, and nothing is missing. " * (8 if form == "long_text" else 2)
        )
    ]


def call_usd(call: dict[str, Any]) -> Decimal | None:
    """What a call of the fixture costs by the fixture's prices."""
    price = USD_PER_MTOK.get(call["request_model"])
    if price is None or call["input_tokens"] is None:
        return None
    return (
        Decimal(call["input_tokens"]) * Decimal(str(price[0])) + Decimal(call["output_tokens"]) * Decimal(str(price[1]))
    ) / 10**6


def analysis(calls: Rows) -> dict[str, Rows]:
    """The tables of one analysis of these calls, and the row that publishes it."""
    by_task: list[Rows] = []
    position = 0
    for *_, count, _in, _out, _form in TASKS:
        by_task.append(calls[position : position + count])
        position += count
    tables: dict[str, Rows] = {
        name: [] for name in ("tasks", "assignments", "actions", "map_points", "evidence", "estimates", "savings")
    }
    for place, own in enumerate(by_task):
        _task_rows(tables, place, own)
    _whole_rows(tables, calls)
    tables["analysis_runs"] = [{
        "project": PROJECT, "analysis_id": ANALYSIS, "started_ns": START_NS + 130 * HOUR_NS, "published_ns": START_NS + 131 * HOUR_NS,
        "calls": len(calls), "task_count": len(TASKS), "basis": "month", "first_call_ns": min(c["started_ns"] for c in calls),
        "last_call_ns": max(c["started_ns"] for c in calls), "data_hash": "9b1c74aa02d4e5f6", "seed": 20261116,
        "suffice_version": "0.1.0", "parameters": "{}",
    }]  # fmt: skip
    return {name: [{"project": PROJECT, **row} for row in rows] for name, rows in tables.items()}


def _task_rows(tables: dict[str, Rows], place: int, own: Rows) -> None:
    name, kind, service, model, verdict, (low, value, high), grade, count, size_in, size_out, form = TASKS[place]
    base = {"analysis_id": ANALYSIS, "task_id": task_id(place)}
    paid = [usd for call in own if (usd := call_usd(call)) is not None]
    reasons = {
        "likely": "Short answers of a fixed form, and held-out answers are well predicted from the task's own history.",
        "untested": "The structure allows it, but nothing was replayed and the answers vary.",
        "stays": "Open-ended answers that depend on long context: published small models fall short here.",
    }
    tables["tasks"].append(base | {
        "name": name, "name_source": "template", "kind": kind, "template": TEMPLATES[kind], "recogniser": json.dumps({"tokens": 24, "system": True}),
        "answer_form": form, "hci": "yes" if kind == "conversation" else "no", "hci_rule": "answers go to a person" if kind == "conversation" else "",
        "calls": count, "runs": len({call["run_id"] for call in own}), "services": json.dumps([service]), "models": json.dumps({model: count}),
        "input_tokens": sum(call["input_tokens"] or 0 for call in own), "output_tokens": sum(call["output_tokens"] or 0 for call in own),
        "estimated_calls": 0, "paid_usd": sum(paid, Decimal(0)) if paid else None, "unpriced_calls": count - len(paid),
        "error_calls": sum(call["error_type"] is not None for call in own), "input_tokens_p50": float(size_in), "input_tokens_p99": size_in * 1.3,
        "output_tokens_p50": float(size_out), "latency_p50_ms": 180 + size_out * 9.9, "latency_p95_ms": 180 + size_out * 14.2,
        "first_call_ns": min(call["started_ns"] for call in own), "last_call_ns": max(call["started_ns"] for call in own),
        "verdict": verdict, "verdict_reason": reasons[verdict],
        "levers": json.dumps(["Force the answer into a JSON schema.", "Drop the examples that no answer uses: half the prompt."] if verdict != "stays" else []),
        "example_call_ids": json.dumps([call["call_id"] for call in own[:3]]),
    })  # fmt: skip
    for number, call in enumerate(own):
        tables["assignments"].append({"analysis_id": ANALYSIS, "call_id": call["call_id"], "task_id": task_id(place),
                                      "point_id": f"p{place}-{number % 3}", "action": _action(form, number)})  # fmt: skip
    actions: dict[str, int] = {}
    for number in range(count):
        actions[_action(form, number)] = actions.get(_action(form, number), 0) + 1
    tables["actions"] += [
        base | {"action": action, "calls": calls, "example_call_id": own[0]["call_id"]}
        for action, calls in actions.items()
    ]
    chance = random.Random(place)
    x, y = chance.uniform(-8, 8), chance.uniform(-6, 6)
    tables["map_points"] += [
        base | {"point_id": f"p{place}-{i}", "x": x + chance.gauss(0, 0.7), "y": y + chance.gauss(0, 0.6), "calls": -(-count // 3),
                "example": TEMPLATES[kind][:200]}
        for i in range(3)
    ]  # fmt: skip
    tables["evidence"] += [
        base | {"grade": "prior", "kind": "task_type", "value": value, "low": low, "high": high, "n": 0, "source": "BFCL v4 and MMLU-Pro, models under 10B, 2026-10",
                "sentence": f"Published models under 10B reach {value:.0%} of the large model's score on tasks of this type.", "details": "{}"},
        base | {"grade": "prior", "kind": "context_need", "value": size_in * 1.3, "low": None, "high": None, "n": count, "source": "its own calls",
                "sentence": f"99 % of its requests fit in {size_in * 1.3:,.0f} tokens, well inside a small model's context.", "details": "{}"},
    ]  # fmt: skip
    if grade == "proxy":
        tables["evidence"].append(base | {"grade": "proxy", "kind": "predictability", "value": value, "low": low, "high": high, "n": count // 2, "source": "nearest-neighbour prediction of held-out answers, split by run",
                                          "sentence": f"Held-out answers are predicted from its own history in {value:.0%} of cases.", "details": "{}"})  # fmt: skip
    tables["estimates"].append(base | {"measure": "replaceability", "candidate": "any SLM", "mode": "as_is", "grade": grade, "value": value, "low": low,
                                       "high": high, "level": 0.9, "n": count // 2 if grade == "proxy" else 0, "proven_low": None, "bar": 0.95,
                                       "proven": False, "method": "logit-normal pool", "seed": 20261116, "details": "{}"})  # fmt: skip
    tables["savings"] += _saving_rows(
        base, float(sum(paid)) * 6 if paid else None, count * 6, (low, value, high), grade
    )


def _action(form: str, number: int) -> str:
    if form == "tool_call":
        return (
            "answer:text"
            if number % 6 == 5
            else f"tool:{('search_flights', 'search_hotels', 'get_weather')[number % 3]}"
        )
    return f"answer:{form}"


def _whole_rows(tables: dict[str, Rows], calls: Rows) -> None:
    paid = float(sum((usd for call in calls if (usd := call_usd(call)) is not None), Decimal(0)))
    shares = {"expected_share_calls": (0.48, 0.57, 0.66), "expected_share_tokens": (0.33, 0.42, 0.52), "expected_share_cost": (0.31, 0.40, 0.50),
              "proven_share_calls": (0.0, 0.0, 0.0), "proven_share_cost": (0.0, 0.0, 0.0)}  # fmt: skip
    for measure, (low, value, high) in shares.items():
        tables["estimates"].append({"analysis_id": ANALYSIS, "task_id": "", "measure": measure, "candidate": "any SLM", "mode": "as_is", "grade": "prior",
                                    "value": value, "low": low, "high": high, "level": 0.9, "n": 0, "proven_low": None, "bar": 0.95, "proven": False,
                                    "method": "sum over tasks", "seed": 20261116, "details": "{}"})  # fmt: skip
    tables["savings"] += _saving_rows(
        {"analysis_id": ANALYSIS, "task_id": ""}, paid * 6, len(calls) * 6, (0.48, 0.57, 0.66), "prior"
    )


def _saving_rows(
    base: dict[str, Any], paid: float | None, calls: int, can: tuple[float, float, float], grade: str
) -> Rows:
    plans = [
        ("caching_batch", "", 0.82, 0.0),
        ("small_tier", "gpt-5.2-mini", 0.34, 0.6),
        ("hosted_slm", "llama-3.1-8b", 0.3, 1.0),
        ("self_hosted_slm", "llama-3.1-8b on one L4", 1.15, 1.0),
    ]
    rows = []
    for position, (alternative, model, factor, harm) in enumerate(plans):
        saving = None if paid is None else paid * (1 - factor)
        rows.append(base | {
            "alternative": alternative, "position": position, "model": model, "basis": "month", "paid_usd": paid,
            "projected_usd": None if paid is None else paid * factor, "saving_usd": saving,
            "saving_low_usd": None if saving is None else saving * (0.7 if saving > 0 else 1.3),
            "saving_high_usd": None if saving is None else saving * (1.2 if saving > 0 else 0.6),
            "marginal_usd": None if paid is None or position == 0 else paid * (plans[position - 1][2] - factor),
            "quality": 1 - (1 - can[1]) * harm, "quality_low": 1 - (1 - can[0]) * harm, "quality_high": 1 - (1 - can[2]) * harm, "quality_grade": grade,
            "extra_wrong_low": calls * (1 - can[2]) * harm, "extra_wrong": calls * (1 - can[1]) * harm, "extra_wrong_high": calls * (1 - can[0]) * harm,
            "break_even_wrong_usd": saving / (calls * (1 - can[1]) * harm) if saving and saving > 0 and harm else None,
            "pays": bool(saving and saving > 0), "note": "utilisation 5 %: the machine mostly waits" if alternative == "self_hosted_slm" else "",
            "assumptions": json.dumps([{"name": "utilisation", "value": 0.05, "unit": "of the machine", "source": "calls per hour recorded"},
                                       {"name": "longer answers of small models", "value": 1.15, "unit": "x", "source": "data-flywheel's notes"},
                                       {"name": "price of llama-3.1-8b", "value": 0.05, "unit": "USD per million input tokens", "source": "price file, 2026-11-01"}]),
        })  # fmt: skip
    return rows


def as_arrow(tables: dict[str, Rows]) -> dict[str, pa.Table]:
    """The rows as Arrow tables in the store's own types, ready for ``Store.append``."""
    from suffice_store.arrow_schema import arrow_schema

    return {name: pa.Table.from_pylist(rows, schema=arrow_schema(name)) for name, rows in tables.items()}
