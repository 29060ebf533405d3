from __future__ import annotations

from decimal import Decimal
from typing import Any

from suffice_dashboard import insights

OVERVIEW = {
    "calls": 5214, "paid_usd": Decimal("412.80"), "priced_calls": 5000, "first_call_ns": 10**18,
    "last_call_ns": 10**18 + 8 * 86_400 * 10**9, "input_tokens": 9_000_000, "output_tokens": 1_000_000,
}  # fmt: skip


def named(name: str, paid: str | None) -> dict[str, Any]:
    return {"name": name, "key": name, "paid_usd": None if paid is None else Decimal(paid)}


def test_spend_sentence_names_money_calls_time_and_the_largest() -> None:
    said = insights.spend_sentence(
        OVERVIEW, [named("m1", "100"), named("m2", "250")], [named("Review", "140"), named("X", None)]
    )
    assert said == (
        "You spent **$412.80** on 5,214 calls in 8 days, most of it on **m2** (61\u202f%) and on **Review** (34\u202f%)."
    )


def test_what_has_no_price_and_what_is_estimated_is_said_beside_the_money() -> None:
    said = insights.spend_sentence(OVERVIEW | {"unpriced_calls": 214, "estimated_calls": 5214}, [], [])
    assert said == (
        "You spent **about $413** on 5,214 calls in 8 days (214 of them unpriced, in no amount; the tokens of 5,214 estimated)."
    )
    few = insights.spend_sentence(OVERVIEW | {"unpriced_calls": 1, "estimated_calls": 9}, [], [])
    assert few == "You spent **$412.80** on 5,214 calls in 8 days (1 of them unpriced, in no amount)."
    hosted = saving("", 2.0, paid_usd=9.0, quality_grade="prior") | {
        "details": '{"all_calls": 100, "unpriced_calls": 14}'
    }
    assert insights.savings_sentence([hosted]).startswith("Against $9.00 a month today (86 % of the calls priced), ")


def test_money_by_estimated_tokens_is_about() -> None:
    """As the report and the command line say it."""
    mostly = OVERVIEW | {"paid_usd": 30.67, "estimated_calls": OVERVIEW["calls"]}
    assert "You spent **about $31** on" in insights.spend_sentence(mostly, [], [])
    assert insights.paid_note(mostly | {"unpriced_calls": 0}) == "every call priced, by estimated tokens"
    assert insights.paid_note(OVERVIEW | {"unpriced_calls": 0, "estimated_calls": 0}) == "every call with usage priced"


def test_spend_sentence_without_prices_shows_no_money() -> None:
    said = insights.spend_sentence(OVERVIEW | {"paid_usd": None, "priced_calls": 0}, [], [])
    assert said == (
        "**5,214 calls** were recorded in 8 days, 10.0\u202fM tokens. None of them has a known price, so no money is shown."
    )


def estimate(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


def test_movable_sentence_has_interval_and_why_nothing_is_proven() -> None:
    headline = {"expected_share_cost": estimate(0.46, 0.38, 0.55), "proven_share_cost": estimate(0.0, 0.0, 0.0)}
    assert insights.movable_sentence(headline) == (
        "A small model is expected to take over **46\u202f% (38–55)** of that money. "
        "**Proven: 0\u202f%**, because no small model has answered your recorded calls yet."
    )


def test_movable_sentence_falls_back_to_calls_where_nothing_is_priced() -> None:
    headline = {"expected_share_cost": estimate(None), "expected_share_calls": estimate(0.5, 0.4, 0.6)}
    assert "**50\u202f% (40–60)** of these calls" in insights.movable_sentence(headline)
    assert insights.movable_sentence({}) == "How much of it a small model could take over is not known yet."


def test_calls_in_tasks_too_small_to_judge_are_said() -> None:
    calls = {**estimate(0.5, 0.4, 0.6), "details": '{"left_out_small_calls": 507}'}
    said = insights.movable_sentence({"expected_share_calls": calls})
    assert "507 calls in tasks with under 100 calls count as none." in said


def test_under_a_filter_the_share_is_said_to_be_of_all_traffic() -> None:
    assert insights.movable_sentence({"expected_share_cost": estimate(0.46, 0.38, 0.55)}, filtered=True).startswith(
        "Of all traffic, not only what is filtered here, a small model is expected to take over **46\u202f% (38–55)** of the money."
    )


def test_proven_sentence_when_something_is() -> None:
    assert (
        insights.proven_sentence({"proven_share_cost": estimate(0.2)})
        == "**Proven: 20\u202f%**, by replay on your own calls. Both are gross: what those calls cost today, before what a small model costs."
    )


def task(task_id: str, verdict: str, value: float | None) -> dict[str, Any]:
    return {"task_id": task_id, "name": task_id.upper(), "verdict": verdict, "replaceability": value,
            "replaceability_low": None, "replaceability_high": None, "calls": 500}  # fmt: skip


def saving(task_id: str, usd: float | None, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id, "saving_usd": usd, "saving_low_usd": None, "saving_high_usd": None, "alternative": "hosted_slm",
        "position": 3, "model": "m", "basis": "month", "pays": True, "extra_wrong": 3.0, "extra_wrong_low": 1.0, "extra_wrong_high": 9.0, **more,
    }  # fmt: skip


def test_savings_sentence_weighs_money_against_wrong_answers() -> None:
    whole = [
        saving("", 0.0, alternative="caching_batch", position=1, paid_usd=2.0, quality_grade="same model", pays=False),
        saving("", 0.81, alternative="small_tier", position=2, paid_usd=2.0, quality_grade="prior", extra_wrong=67.0,
               extra_wrong_low=None),
        saving("", 0.95, position=3, paid_usd=2.0, quality_grade="prior", extra_wrong=137.0),
    ]  # fmt: skip
    assert insights.savings_sentence(whole) == (
        "Against $2.00 a month today, the alternative to test first is **vendor's small tier**: **$0.81**, at 67 extra "
        "wrong answers a month. That is worth it while one wrong answer costs you less than $0.012. Hosted SLM "
        "would save $0.14 more at 70 extra wrong answers more, $0.002 for each. None of it is proven while the grade of "
        "its quality is prior."
    )


def test_what_another_would_save_beyond_it_is_said_only_where_it_is_worth_a_word() -> None:
    tested = saving("", 0.80, paid_usd=2.0, quality_grade="replay")
    for more, said in ((0.801, False), (0.95, True)):
        other = saving(
            "", more, alternative="small_tier", position=2, paid_usd=2.0, quality_grade="prior", extra_wrong=9.0
        )
        assert ("not tested, is expected to save" in insights.savings_sentence([tested, other])) is said


def test_savings_sentence_where_nothing_but_caching_pays() -> None:
    caching = saving("", 3.0, alternative="caching_batch", position=1, paid_usd=9.0, quality_grade="same model")
    hosted = saving("", 2.0, paid_usd=9.0, quality_grade="prior")
    assert insights.savings_sentence([caching, hosted]) == (
        "Against $9.00 a month today, **caching and batch, same model** saves **$3.00** with the same answers. "
        "No small model is expected to save more."
    )
    assert "no alternative pays" in insights.savings_sentence([hosted | {"pays": False}])
    assert "no saving can be worked out" in insights.savings_sentence([hosted | {"paid_usd": None}])


def test_task_sentence_claims_no_more_than_its_verdict() -> None:
    row = task("a", "likely", 0.88) | {"replaceability_low": 0.78, "replaceability_high": 0.95}
    assert insights.task_sentence(row) == (
        "**A small model probably suffices here**, and that is not proven yet: expected for **88\u202f% (78–95)** of its calls."
    )
    assert (
        insights.task_sentence(task("a", "stays", None)) == "**Keep this on today's model for now**; it was not tested."
    )
    refuted = insights.task_sentence(task("a", "stays", None) | {"grade": "replay"})
    assert refuted == "**Keep this on today's model**: a test refuted a small one."


def test_coverage_notes_speak_only_of_what_is_wrong() -> None:
    quality = {"calls": 100, "unpriced_calls": 7, "estimated_calls": 0, "duplicate_calls": 3}
    assert insights.coverage_notes(quality) == [
        "7 calls (7\u202f%) have no known price and are in no sum of money",
        "3 calls were told twice and count once",
    ]
    assert insights.coverage_notes({"calls": 0}) == []


def test_a_part_of_the_traffic_has_its_own_share() -> None:
    said = insights.part_sentence(2.0, (0.9, 1.0, 1.1), 0.5)
    assert said == (
        "A small model is expected to take over **50\u202f% (45–55)** of that money: $1.00 ($0.90–$1.10). "
        "**Proven: 25\u202f%**, by replay on your own calls."
    )
    assert insights.part_sentence(2.0, (0.0, 0.0, 0.0), 0.0).endswith("$0.00. **Proven: 0\u202f%**.")


def test_where_no_task_has_calls_enough_nothing_is_claimed() -> None:
    tasks = [task("a", "untested", None) | {"calls": calls} for calls in (2, 99)]
    why = "no task has 100 calls yet (the largest has 99), and under 100 nothing is claimed"
    assert insights.too_few(tasks) == why
    assert (
        insights.savings_sentence([saving("", 0.0, paid_usd=2.0, pays=False)], [], tasks)
        == f"No saving is stated: {why}."
    )
    assert insights.too_few([*tasks, tasks[0] | {"calls": 100}]) == insights.too_few([]) == ""
