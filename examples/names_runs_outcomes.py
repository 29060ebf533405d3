"""What an app may tell beyond the one line: which task a call does, which run it belongs to, how the run went.

python examples/names_runs_outcomes.py
"""

import openai

import suffice

suffice.init(service="support-desk")
client = openai.OpenAI()


@suffice.task("triage")
def triage(ticket: str) -> str:
    """The calls made in here carry the task's name."""
    answer = client.chat.completions.create(
        model="gpt-5.4-mini",
        messages=[
            {"role": "system", "content": "Answer with one of: refund, delivery, other."},
            {"role": "user", "content": ticket},
        ],
    )
    return answer.choices[0].message.content or "other"


with suffice.run("ticket"):  # all calls in here are steps of one run
    label = triage("Where is my parcel? It was due on Monday.")
    suffice.outcome(ok=label == "delivery", label=label)  # was the run any good? may also come later, by the run's id

print(suffice.flush())  # how many calls were delivered, dropped, and are pending
