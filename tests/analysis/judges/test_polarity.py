"""Yes and no are told apart by how an answer opens; what only looks like an opening is none."""

from __future__ import annotations

import pytest

from suffice_analysis.judges import text
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.polarity import differ
from suffice_analysis.judges.said import Said

RULE = "Colleagues on trial are not allowed to approve anything, whatever the amount; ask Finance for a named deputy instead."


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Yes, you may.", "No, you may not.", "one opens with yes, the other with no"),
        ("Of course you can.", "**No.** You can't.", "one opens with yes, the other with no"),
        ("Certainly not.", "Certainly.", "one opens with no, the other with yes"),
        ("Absolutely. It is covered.", "It isn’t covered.", "one opens with yes, the other with a sentence that negates"),
        ("You cannot return it.", "Yes - return it.", "one opens with yes, the other with a sentence that negates"),
        ("No. It is covered.", "It is not covered.", "one opens with no, and only one of them negates what follows"),
        ("It is covered.", "No, it is not covered.", "one opens with no, and only one of them negates what follows"),
        ("Yes, on Monday.", "yes: on Monday", ""),
        ("No, it is not covered.", "It is not covered.", ""),  # the same, said with and without the word
        ("No, only managers may.", "Only managers may.", ""),
        ("Yes, you may.", "You may. It does not matter when.", ""),  # a later sentence is not the answer
        ("No refunds are given.", "Refunds are given by card.", ""),  # not an opening, and what the words say is for the judge
        ("Right now it is open.", "It is not open.", ""),
        ("Non-members pay.", "They do not.", ""),
        ("North of Oslo.", "Yes.", ""),
        ("", "No.", ""),
        ("It is not open.", "It is open.", ""),  # no opening on either side: as before
    ],
)  # fmt: skip
def test_what_opens_as_its_opposite_is_told(one: str, other: str, why: str) -> None:
    assert differ(one, other) == why
    assert bool(differ(other, one)) == bool(why)


def test_an_answer_turned_round_is_not_passed() -> None:
    """As a manager found it: similarity 0.9, all facts, all sentences, and the opposite answer."""
    recorded = Said(RULE)
    turned = text.judge(recorded, Said(f"Yes, with a condition. {RULE}"), Frame())
    assert text.similarity(RULE, f"Yes, with a condition. {RULE}") > text.PASSES
    assert (turned.verdict, turned.remark.partition(":")[0]) == (
        "unjudged",
        "one opens with yes, the other with a sentence that negates",
    )
    assert text.judge(recorded, Said(f"No. {RULE}"), Frame()).verdict == "pass"
    assert text.judge(Said(f"No. {RULE}"), Said(f"Yes. {RULE}"), Frame()).verdict == "unjudged"
    assert text.judge(Said(f"Yes. {RULE}"), Said(f"Yes, {RULE}"), Frame()).verdict == "pass"
