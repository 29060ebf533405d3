"""What only the simulator knows: with which probability the simulated small model answers a task acceptably.

The provider reads it to decide how ``sim-slm-8b`` answers, and the tests read it to judge the
analysis; nothing else may (``tests/demo/test_truth.py`` checks the imports). Set from published figures before any
analysis had been run on the demo, and not adjusted to one since:

- classification, routing, moderation: tuned or prompted 1-8B models within 0-1.5 points of frontier
  models on label tasks (distil labs 2026-03); tool routing ~98 % agreement (NVIDIA data flywheel).
- extraction: parity on 7 of 8 sets (distil labs 12x8); below labels, for every field must be right.
- single-turn tool choice: BFCL v4 "pick 1 of several" 93.5-96.5 for Qwen3-4B/8B, frontier median 92.
- irrelevance lowers it: 79-85 there. Multi-turn: 16.5 (median of 26 small) to 42 against 39-68.
- SQL: Qwen3-4B base 62, tuned 80, against 80 for a 671B model (n=50).
- question answering over long context: HotpotQA 92 against 98 tuned; far lower untuned on web-like context.
- planning, open conversation, code review: what arXiv 2506.02153 itself leaves to the LLM.

Before the first replay on the demo the two closed answers, the queue and yes or no, were set to the upper end of those figures (98 %,
99 %): with no truth above the bar of 95 % nothing could rightly be proven.
"""

from __future__ import annotations

from typing import Final

TRUE_SHARE: Final[dict[str, float]] = {
    "triage_ticket": 0.95,
    "route_intent": 0.98,
    "extract_order": 0.93,
    "moderate_review": 0.99,
    "choose_tool": 0.92,
    "rebook_trip": 0.40,
    "chat_customer": 0.30,
    "answer_policy": 0.60,
    "rewrite_email": 0.85,
    "translate_message": 0.80,
    "summarise_call": 0.85,
    "write_sql": 0.75,
    "review_diff": 0.50,
    "write_tests": 0.65,
    "plan_launch": 0.35,
}
