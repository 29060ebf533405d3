"""The prior: published starting points, moved by structure in the stated direction, wider for each step taken."""

from __future__ import annotations

import math

import pytest
from analysis.cases import make_profile
from analysis.test_proxy import call
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis import data
from suffice_analysis.prior import LARGEST_SHIFT, SHARED_SD, copied_share, task_prior

KINDS = [row["kind"] for row in data.rows("task_types.csv")]


def share(mean: float) -> float:
    return 1 / (1 + math.exp(-mean))


def test_every_figure_has_a_source_and_a_sentence() -> None:
    for row in data.rows("task_types.csv"):
        assert 0 < float(row["share"]) < 1
        assert float(row["sd_logit"]) > SHARED_SD
        assert row["sentence"].endswith(".")
        assert row["source"]


def test_the_paper_s_order_holds() -> None:
    def start(kind: str) -> float:
        return task_prior(make_profile(kind=kind, answer_form="mixed"), []).mean

    easy = [start(k) for k in ("extraction", "classification", "routing", "tool_choice")]
    hard = [start(k) for k in ("planning", "conversation", "review")]
    middle = [start(k) for k in ("summarising", "rewriting", "sql", "code", "question_answering")]
    assert min(easy) > max(middle) > min(middle) > max(hard)
    assert max(hard) < 0 < min(middle)


@pytest.mark.parametrize(("turns", "least"), [(2.0, 2), (2.5, 2), (6.0, 6)])
def test_half_the_calls_have_at_least_their_median_and_not_more(turns: float, least: int) -> None:
    (sign,) = [s for s in task_prior(make_profile(turns_p50=turns), []).signs if s.kind == "conversation_depth"]
    assert sign.sentence == (
        f"Half the calls have at least {least} earlier answers in their dialogue; small models lose track sooner."
    )


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        ({"output_tokens_p50": 2000.0}, "answer_length"),
        ({"input_tokens_p50": 9000.0}, "context_need"),
        ({"turns_p50": 6.0}, "conversation_depth"),
        ({"tools": 30}, "tools"),
        ({"images": True}, "modality"),
    ],
)
def test_what_makes_it_harder_lowers_and_widens(seen: dict[str, object], kind: str) -> None:
    plain, harder = task_prior(make_profile(), []), task_prior(make_profile(**seen), [])
    assert harder.mean < plain.mean
    assert harder.sd > plain.sd
    assert kind in {s.kind for s in harder.signs}


def test_tool_choice_over_several_turns_starts_from_its_own_figure() -> None:
    one = task_prior(make_profile(kind="tool_choice", answer_form="tool_call"), [])
    one = task_prior(make_profile(kind="tool_choice", answer_form="tool_call", turns_p50=0.5), [])
    steps = task_prior(make_profile(kind="tool_choice", answer_form="tool_call", turns_p50=1.0), [])
    assert steps.mean < one.mean  # a run of three steps or more is work over several turns
    assert (one.unlike, steps.unlike) == ([], ["several turns"])
    many = task_prior(make_profile(kind="tool_choice", answer_form="tool_call", turns_p50=3.0), [])
    assert share(one.mean) == pytest.approx(0.86)
    assert share(many.mean) == pytest.approx(0.42)
    assert many.unlike == ["several turns"]


@given(st.integers(1, 10**6))
def test_few_calls_are_wide(calls: int) -> None:
    here, more = (task_prior(make_profile(calls=n), []) for n in (calls, calls * 2))
    assert more.sd < here.sd
    assert task_prior(make_profile(calls=1), []).sd > 3


@given(
    st.sampled_from(KINDS),
    st.sampled_from(["json", "label", "number", "tool_call", "code", "sql", "short_text", "long_text", "mixed"]),
    st.floats(0, 200_000),
    st.floats(0, 10_000),
    st.integers(0, 100),
    st.floats(0, 50),
    st.booleans(),
)
def test_whatever_is_seen_the_shift_is_bounded_and_conversation_stays_low(
    kind: str, form: str, into: float, out: float, tools: int, turns: float, images: bool
) -> None:
    profile = make_profile(
        kind=kind,
        answer_form=form,
        input_tokens_p50=into,
        output_tokens_p50=out,
        tools=tools,
        turns_p50=turns,
        images=images,
    )
    prior = task_prior(profile, [])
    starts = [math.log(float(r["share"]) / (1 - float(r["share"]))) for r in data.rows("task_types.csv")]
    assert min(starts) - LARGEST_SHIFT - 1e-9 <= prior.mean <= max(starts) + LARGEST_SHIFT + 1e-9
    assert prior.own_sd > 0
    if kind == "conversation":
        assert share(prior.mean) <= 0.40 + 1e-9


def test_copied_words_are_counted_over_the_request() -> None:
    assert copied_share([call(0, "the order number is 12345", "12345 missing")]) == 0.5
    assert copied_share([call(0, "x", "no")]) is None
    assert copied_share([]) is None
    foreign = [call(i, "これは日本語の質問です", "はい") for i in range(5)]
    assert task_prior(make_profile(), foreign).unlike == ["not in Latin script"]
