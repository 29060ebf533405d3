"""What is stored of one replayed call: its row of ``replays``, and the call that it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from suffice.wire.canonical import logged_call_hash
from suffice_analysis.judges import Judgement
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.model_judge import ModelJudge
from suffice_analysis.replay.samples import Chosen
from suffice_analysis.replay.sending import Sent
from suffice_store.environments import REPLAY
from suffice_store.records import CallRecord

Row = Mapping[str, Any]
UNAVAILABLE = ("unavailable", "unwritable")  # the endpoint's or the format's doing: not judged, in no share


def replay_row(
    project: str,
    campaign_id: str,
    key: tuple[str, str, str],
    candidate: Candidate,
    position: int,
    chosen: Chosen,
    masked: bool,
    sent: Sent | None,
    judgement: Judgement | None,
    now_ns: int,
) -> dict[str, Any]:
    """The row of ``replays``; without ``sent`` the one that says it is on its way."""
    task_id, label, variant = key
    call = sent.call if sent is not None else None
    usage = call.usage if call is not None else None
    tokens = (usage.input_tokens, usage.output_tokens) if usage is not None else (None, None)
    cost = candidate.cost_usd(*tokens, sent.seconds if sent is not None else None)
    if sent is None:
        verdict, failure = "sent", None
    elif judgement is not None:
        verdict, failure = judgement.verdict, judgement.failure
    elif sent.failure in UNAVAILABLE:
        verdict, failure = "unavailable", sent.failure
    else:
        verdict, failure = "fail", sent.failure or "refused"
    return {
        "project": project,
        "campaign_id": campaign_id,
        "call_id": chosen.call_id,
        "replay_call_id": logged_call_hash(project, campaign_id, chosen.call_id.encode()) if call is not None else None,
        "task_id": task_id,
        "candidate": label,
        "variant": variant,
        "position": position,
        "cluster": chosen.cluster,
        "stratum": chosen.stratum,
        "response_model": call.response_model if call is not None else None,
        "verdict": verdict,
        "failure": failure,
        "judge": judgement.judge if judgement is not None else None,
        "score": judgement.score if judgement is not None else None,
        "remark": judgement.remark if judgement is not None else (sent.remark[:300] if sent is not None else None),
        "masked": masked,
        "input_tokens": tokens[0],
        "output_tokens": tokens[1],
        "cost_usd": None if cost is None else Decimal(f"{cost:.12f}"),
        "latency_ms": sent.latency_ms if sent is not None else None,
        "attempts": sent.attempts if sent is not None else 0,
        "recorded_ns": now_ns,
    }


def call_record(project: str, campaign_id: str, recorded: Row, sent: Sent, row: Row) -> CallRecord:
    """The replayed request and its answer as a call of the environment ``replay``, with the user it is about."""
    told = {"suffice.replay.of": row["call_id"]}
    record = _record(project, campaign_id, recorded, sent, row["replay_call_id"], row["cost_usd"], told)
    record.agent_name = recorded["agent_name"]
    return record


def judge_records(
    project: str, campaign_id: str, recorded: Row, sent: Sequence[Sent], judge: ModelJudge
) -> list[CallRecord]:
    """What a model was asked about one answer, as calls of the environment ``replay``, with their cost."""
    records = []
    for number, each in enumerate(sent):
        if each.call is None:
            continue
        usage = each.call.usage
        tokens = (usage.input_tokens, usage.output_tokens) if usage is not None else (None, None)
        cost = judge.candidate.cost_usd(*tokens, each.seconds)
        key = f"{recorded['call_id']}/judge/{number}".encode()
        call_id = logged_call_hash(project, campaign_id, key)
        paid = None if cost is None else Decimal(f"{cost:.12f}")
        told = {"suffice.replay.judged": recorded["call_id"]}
        records.append(_record(project, campaign_id, recorded, each, call_id, paid, told))
    return records


def _record(
    project: str, campaign_id: str, recorded: Row, sent: Sent, call_id: str, usd: Decimal | None, told: dict[str, str]
) -> CallRecord:
    """What replay asked, as a call: in the run of its campaign, of the service and the user that the recorded one is of."""
    assert sent.call is not None
    return CallRecord(
        call=sent.call, call_id=call_id, project=project, run_id=f"replay:{campaign_id}", run_name="replay",
        service=recorded["service"], environment=REPLAY, user_id=recorded["user_id"], started_ns=sent.started_ns,
        ended_ns=sent.ended_ns, attempt=sent.attempts, source="replay", dialect="suffice", stated_usd=usd,
        attributes={**told, "suffice.replay.campaign": campaign_id},
    )  # fmt: skip
