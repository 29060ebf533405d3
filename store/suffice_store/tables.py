"""Every table, once. Migrations create them, appends fill them, the named reads read them.

Rules of the house (they can't be added later):
- ``project`` stands first in every table and every key.
- Rows are appended, never updated. What can change (duplicate-of, task, outcome, decision, price) is a
  row of a side table, and the latest one wins.
- Times are Unix nanoseconds in UTC (BigInteger): both engines keep them exactly.
- ``sa.Double``, never ``sa.Float`` (32-bit on both engines). Money is ``Numeric``.
- No autoincrement keys and no indexes: ids are strings made by hashing.
"""

from __future__ import annotations

import sqlalchemy as sa

import suffice_store.tables_access
import suffice_store.tables_alerts
import suffice_store.tables_costs
import suffice_store.tables_replay  # noqa: F401  (their tables are of the same schema)
from suffice_store.schema import Usd as Usd
from suffice_store.schema import metadata as metadata
from suffice_store.schema import project as _project
from suffice_store.tables_tasks import TASK_TABLES

UsdPerMtok = sa.Numeric(18, 6)  # a price: USD per million tokens

calls = sa.Table(
    "calls",
    metadata,
    _project(),
    sa.Column("call_id", sa.String, nullable=False),  # 32 hex digits, see canonical.call_hash
    sa.Column("started_day", sa.Integer, nullable=False),  # days since 1970-01-01 UTC; 0 = time not known
    sa.Column("external_id", sa.String),
    sa.Column("trace_id", sa.String),
    sa.Column("span_id", sa.String),
    sa.Column("parent_span_id", sa.String),
    sa.Column("run_id", sa.String),
    sa.Column("run_name", sa.String),
    sa.Column("step", sa.Integer),
    sa.Column("service", sa.String),
    sa.Column("environment", sa.String),
    sa.Column("agent_name", sa.String),
    sa.Column("task_name", sa.String),  # as the app named it
    sa.Column("conversation_id", sa.String),
    sa.Column("user_id", sa.String),
    sa.Column("call_site", sa.String),
    sa.Column("server_address", sa.String),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("started_ns", sa.BigInteger),
    sa.Column("ended_ns", sa.BigInteger),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
    sa.Column("time_to_first_token_ms", sa.Double),
    sa.Column("operation", sa.String, nullable=False),
    sa.Column("provider", sa.String, nullable=False),
    sa.Column("wire_format", sa.String, nullable=False),
    sa.Column("request_model", sa.String),
    sa.Column("response_model", sa.String),
    sa.Column("response_id", sa.String),
    sa.Column("stream", sa.Boolean, nullable=False),
    sa.Column("service_tier", sa.String),
    sa.Column("status_code", sa.Integer),
    sa.Column("error_type", sa.String),
    sa.Column("error_message", sa.String),
    sa.Column("finish_reason", sa.String),  # of the first choice
    sa.Column("completeness", sa.String, nullable=False),  # complete, partial, error
    sa.Column("input_tokens", sa.BigInteger),  # includes cached; null = not known, never 0
    sa.Column("output_tokens", sa.BigInteger),  # includes reasoning
    sa.Column("cache_read_tokens", sa.BigInteger),
    sa.Column("cache_write_5m_tokens", sa.BigInteger),
    sa.Column("cache_write_1h_tokens", sa.BigInteger),
    sa.Column("reasoning_tokens", sa.BigInteger),
    sa.Column("audio_input_tokens", sa.BigInteger),
    sa.Column("audio_output_tokens", sa.BigInteger),
    sa.Column("usage_source", sa.String, nullable=False),  # reported, estimated, absent
    sa.Column("usage_raw", sa.String),  # JSON
    sa.Column("parameters", sa.String),  # JSON
    sa.Column("response_format", sa.String),  # JSON
    sa.Column(
        "input_hashes", sa.ARRAY(sa.String), nullable=False
    ),  # message_hash of each message of the request, in order
    sa.Column("output_hashes", sa.ARRAY(sa.String), nullable=False),
    sa.Column(
        "chain_before", sa.String
    ),  # chain_hash of the history (up to the last assistant message); null = no history
    sa.Column("chain_after", sa.String),  # chain_hash of request + answer; a later call's chain_before equals it
    sa.Column("toolset_hash", sa.String),
    sa.Column("source", sa.String, nullable=False),  # otlp, import
    sa.Column("dialect", sa.String, nullable=False),
    sa.Column("normaliser_version", sa.Integer, nullable=False),
    sa.Column("attributes", sa.String),  # JSON: what came, without the content that became messages
    sa.Column("team", sa.String),  # of the resource; service_owners says it for services that state none
    sa.Column("owner", sa.String),
    sa.Column("cost_centre", sa.String),
    sa.Column("stated_usd", Usd),  # what the sender says it cost; ours is joined at read
    sa.Column("tags", sa.String),  # JSON object: name -> text, number or true/false, as the app said
)

messages = sa.Table(  # each distinct message of a project; a row may repeat, reads take one
    "messages",
    metadata,
    _project(),
    sa.Column("message_hash", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("content", sa.String, nullable=False),  # the canonical message as JSON: {"role", "parts"}
    sa.Column("chars", sa.Integer, nullable=False),
    sa.Column("canonical_version", sa.Integer, nullable=False),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
)

toolsets = sa.Table(  # each distinct list of tool definitions of a project
    "toolsets",
    metadata,
    _project(),
    sa.Column("toolset_hash", sa.String, nullable=False),
    sa.Column("tools", sa.String, nullable=False),  # JSON list of ToolDefinition
    sa.Column("tool_count", sa.Integer, nullable=False),
    sa.Column("received_ns", sa.BigInteger, nullable=False),
)

spans = sa.Table(  # spans that are not calls: runs, tools, unknown ones
    "spans",
    metadata,
    _project(),
    sa.Column("trace_id", sa.String, nullable=False),
    sa.Column("span_id", sa.String, nullable=False),
    sa.Column("parent_span_id", sa.String),
    sa.Column("started_day", sa.Integer, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("kind", sa.Integer, nullable=False),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("service", sa.String),
    sa.Column("started_ns", sa.BigInteger, nullable=False),
    sa.Column("ended_ns", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("attributes", sa.String, nullable=False),  # JSON
    sa.Column("received_ns", sa.BigInteger, nullable=False),
)

duplicates = sa.Table(  # a call that tells again what another call tells: kept, not counted
    "duplicates",
    metadata,
    _project(),
    sa.Column("call_id", sa.String, nullable=False),
    sa.Column("duplicate_of", sa.String),  # null takes the mark back
    sa.Column("rule", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    _project(),
    sa.Column("target", sa.String, nullable=False),  # run or call
    sa.Column("target_id", sa.String, nullable=False),
    sa.Column("ok", sa.Boolean),
    sa.Column("score", sa.Double),
    sa.Column("label", sa.String),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

prices = sa.Table(  # joined at read, by model and the day of the call; never frozen into a call
    "prices",
    metadata,
    _project(),  # "" = the catalogue suffice ships; a project's own row wins
    sa.Column("provider", sa.String, nullable=False),  # gen_ai.provider.name, or "" = any
    sa.Column("model", sa.String, nullable=False),  # exact, or a prefix ending in * for dated snapshots
    sa.Column("tier", sa.String, nullable=False),  # standard, batch, flex, priority
    sa.Column("context_from_tokens", sa.BigInteger, nullable=False),  # the band: input_tokens >= this
    sa.Column("valid_from_day", sa.Integer, nullable=False),  # days since 1970-01-01
    sa.Column("input_usd_per_mtok", UsdPerMtok, nullable=False),
    sa.Column("output_usd_per_mtok", UsdPerMtok, nullable=False),
    sa.Column("cache_read_usd_per_mtok", UsdPerMtok),  # null = as input
    sa.Column("cache_write_5m_usd_per_mtok", UsdPerMtok),
    sa.Column("cache_write_1h_usd_per_mtok", UsdPerMtok),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("source_date", sa.String, nullable=False),  # ISO date
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
    sa.Column("audio_input_usd_per_mtok", UsdPerMtok),  # null = calls with audio are unpriced
    sa.Column("audio_output_usd_per_mtok", UsdPerMtok),
    sa.Column("reasoning_usd_per_mtok", UsdPerMtok),  # null = as output
    sa.Column("origin", sa.String),  # "list": from a file the user gave; null: shipped (project "") or the user's own
)

decisions = sa.Table(  # what users decided about tasks; replayed over each analysis
    "decisions",
    metadata,
    _project(),
    sa.Column("decision_id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),  # rename, pin, ignore, mark
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("value", sa.String, nullable=False),  # JSON
    sa.Column("decided_by", sa.String),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

analysis_runs = sa.Table(  # the last row an analysis writes: it publishes the analysis_id
    "analysis_runs",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("started_ns", sa.BigInteger, nullable=False),
    sa.Column("published_ns", sa.BigInteger, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("task_count", sa.Integer, nullable=False),
    sa.Column("basis", sa.String, nullable=False),  # "month" or "per_1000_calls": what projections are per
    sa.Column("first_call_ns", sa.BigInteger),
    sa.Column("last_call_ns", sa.BigInteger),
    sa.Column("data_hash", sa.String, nullable=False),  # over the sorted call ids and the prices used
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("suffice_version", sa.String, nullable=False),
    sa.Column("parameters", sa.String, nullable=False),  # JSON: filters and settings
)

tasks = sa.Table(
    "tasks",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("name_source", sa.String, nullable=False),  # app, template, user
    sa.Column(
        "kind", sa.String, nullable=False
    ),  # extraction, classification, routing, tool_choice, summarising, sql, code, review, planning, conversation, question_answering, rewriting, embedding, other
    sa.Column("template", sa.String, nullable=False),  # the constant text, variable parts as the character U+2026
    sa.Column("recogniser", sa.String, nullable=False),  # JSON: how a request is recognised as this task
    sa.Column(
        "answer_form", sa.String, nullable=False
    ),  # json, label, number, tool_call, code, sql, short_text, long_text, mixed
    sa.Column("hci", sa.String, nullable=False),  # yes, no, unknown: does it talk to a human
    sa.Column("hci_rule", sa.String, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("runs", sa.BigInteger, nullable=False),
    sa.Column("services", sa.String, nullable=False),  # JSON list
    sa.Column("models", sa.String, nullable=False),  # JSON object: model -> calls
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("estimated_calls", sa.BigInteger, nullable=False),  # calls whose tokens are estimates
    sa.Column("paid_usd", Usd),  # null = nothing of it priced
    sa.Column("unpriced_calls", sa.BigInteger, nullable=False),
    sa.Column("error_calls", sa.BigInteger, nullable=False),
    sa.Column("input_tokens_p50", sa.Double),
    sa.Column("input_tokens_p99", sa.Double),
    sa.Column("output_tokens_p50", sa.Double),
    sa.Column("latency_p50_ms", sa.Double),
    sa.Column("latency_p95_ms", sa.Double),
    sa.Column("first_call_ns", sa.BigInteger),
    sa.Column("last_call_ns", sa.BigInteger),
    sa.Column("verdict", sa.String, nullable=False),  # proven, likely, untested, stays
    sa.Column("verdict_reason", sa.String, nullable=False),  # one sentence
    sa.Column("levers", sa.String, nullable=False),  # JSON list of sentences, each untested until replayed
    sa.Column("example_call_ids", sa.String, nullable=False),  # JSON list, at most 8
    sa.Column("hci_yes_calls", sa.BigInteger),  # calls that talk to a human; null in analyses before 0.2
    sa.Column("hci_no_calls", sa.BigInteger),  # calls that do not; the rest is unknown
)

assignments = sa.Table(
    "assignments",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("call_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String),  # null = in no task
    sa.Column("point_id", sa.String),  # the template it belongs to, a dot of the map
    sa.Column("action", sa.String),
    sa.Column("slice_id", sa.String),  # null = its task has no slices
    sa.Column("hci", sa.String),  # yes, no, unknown: does this call talk to a human
    sa.Column("hci_rule", sa.String),
)

actions = sa.Table(  # what the model did in the calls of a task
    "actions",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("action", sa.String, nullable=False),  # "tool:search_flights", "answer:json", ...
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("example_call_id", sa.String),
)

map_points = sa.Table(
    "map_points",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("point_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("x", sa.Double, nullable=False),
    sa.Column("y", sa.Double, nullable=False),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("example", sa.String, nullable=False),  # at most 200 characters of the template
)

evidence = sa.Table(  # what an estimate rests on
    "evidence",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),
    sa.Column("grade", sa.String, nullable=False),  # prior, proxy, replay, live
    sa.Column("kind", sa.String, nullable=False),  # e.g. task_type, answer_form, context_need, predictability
    sa.Column("value", sa.Double),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sa.Column("n", sa.BigInteger),
    sa.Column("sentence", sa.String, nullable=False),  # what it says, for a person
    sa.Column("source", sa.String, nullable=False),  # where the figure or formula comes from
    sa.Column("details", sa.String, nullable=False),  # JSON
)

estimates = sa.Table(
    "estimates",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),  # "" = all calls together
    sa.Column(
        "measure", sa.String, nullable=False
    ),  # replaceability; for task_id "": expected_share_calls, expected_share_tokens, expected_share_cost, proven_share_calls, proven_share_tokens, proven_share_cost; of tasks also self_agreement, accuracy_difference
    sa.Column("candidate", sa.String, nullable=False),  # a model, or "any SLM"
    sa.Column("mode", sa.String, nullable=False),  # as_is, schema, few_shot, fine_tuned
    sa.Column("grade", sa.String, nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("low", sa.Double),
    sa.Column("high", sa.Double),
    sa.Column("level", sa.Double, nullable=False),  # of the interval: 0.90
    sa.Column("n", sa.BigInteger, nullable=False),  # observations it rests on; 0 for a prior
    sa.Column("proven_low", sa.Double),  # one-sided 95 % lower bound; null below grade replay
    sa.Column("bar", sa.Double, nullable=False),
    sa.Column("proven", sa.Boolean, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("details", sa.String, nullable=False),  # JSON
)

savings = sa.Table(
    "savings",
    metadata,
    _project(),
    sa.Column("analysis_id", sa.String, nullable=False),
    sa.Column("task_id", sa.String, nullable=False),  # "" = all tasks
    sa.Column("alternative", sa.String, nullable=False),  # caching_batch, small_tier, hosted_slm, self_hosted_slm
    sa.Column("position", sa.Integer, nullable=False),  # in the stack
    sa.Column("model", sa.String, nullable=False),
    sa.Column("basis", sa.String, nullable=False),  # month, per_1000_calls
    sa.Column("paid_usd", sa.Double),  # per basis; null = unpriced
    sa.Column("projected_usd", sa.Double),
    sa.Column("saving_usd", sa.Double),
    sa.Column("saving_low_usd", sa.Double),
    sa.Column("saving_high_usd", sa.Double),
    sa.Column("marginal_usd", sa.Double),  # over the best alternative before it in the stack
    sa.Column("quality", sa.Double),  # acceptable share if all its calls moved
    sa.Column("quality_low", sa.Double),
    sa.Column("quality_high", sa.Double),
    sa.Column("quality_grade", sa.String, nullable=False),
    sa.Column("extra_wrong_low", sa.Double),  # answers per basis
    sa.Column("extra_wrong", sa.Double),
    sa.Column("extra_wrong_high", sa.Double),
    sa.Column("break_even_wrong_usd", sa.Double),  # cost of one wrong answer at which the saving is gone
    sa.Column("pays", sa.Boolean, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("assumptions", sa.String, nullable=False),  # JSON list of {name, value, unit, source}
    sa.Column("answers", sa.Double),  # per basis, that extra_wrong and caught are among
    sa.Column("caught_low", sa.Double),  # wrong, but caught and asked again: answers per basis
    sa.Column("caught", sa.Double),
    sa.Column("caught_high", sa.Double),
    sa.Column("one_off_usd", sa.Double),  # spent once: engineering, replay, fine-tuning
    sa.Column("payback_days_low", sa.Double),  # until it is back; null = never, or the volume is not known
    sa.Column("payback_days", sa.Double),
    sa.Column("payback_days_high", sa.Double),
    sa.Column("details", sa.String),  # JSON: docs/savings.md
)

ingest_state = sa.Table(  # the journal position that is in the tables; the latest row wins
    "ingest_state",
    metadata,
    _project(),
    sa.Column("journal", sa.String, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

dead_letters = sa.Table(  # acknowledged bodies that could not be applied: kept, shown, never blocking
    "dead_letters",
    metadata,
    _project(),
    sa.Column("journal", sa.String, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("recorded_ns", sa.BigInteger, nullable=False),
)

# Written by the process that holds the database, and by nobody from outside.
INTERNAL_TABLES = frozenset(
    {"ingest_state", "dead_letters", "api_keys", "members", "retention", "replay_hosts", "alerts", "alert_deliveries"}
)
ANALYSIS_TABLES = ("tasks", "assignments", "actions", "map_points", "evidence", "estimates", "savings", *TASK_TABLES)
