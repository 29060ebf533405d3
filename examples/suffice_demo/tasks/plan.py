"""Planning: a launch with its constraints becomes an ordered plan with owners and risks."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """You are the chief of staff at Brambleway. Break the goal down into a plan that a team can start tomorrow. Weigh the
constraints against each other, order the steps by dependency, say who owns each and by when, name the two largest risks
with an early sign and a way out, and state which assumption, if wrong, would change the plan. Think before you write."""

GOALS = (
    "Open a shop in {city} before {date}",
    "Launch the {trip} for families in {city}",
    "Bring the {product} back after the recall",
    "Move customer service to a four-day week without longer waiting times",
    "Cut returns of the {product} by a third within {days} weeks",
    "Start second-hand sales online in {city} and {city2}",
    "Make every guided trip carbon-accounted by {date}",
)
CONSTRAINTS = (
    "the budget is {amount} and already half spent",
    "{name} is on leave until {date2}",
    "legal wants two weeks for every contract",
    "no hiring before the next quarter",
    "the warehouse in {city2} is full",
    "the season starts in {days} days",
    "marketing has promised the press a date",
    "the supplier of the {product2} answers only on Fridays",
    "the works council must agree",
)
STEPS = (
    "settle the scope with {name} and write down what is out",
    "secure the budget in two tranches, the second after the pilot",
    "sign the contract with the supplier, legal review in parallel",
    "run a pilot with twenty customers in {city}",
    "train the shop team and write the one-page guide",
    "prepare the announcement, hold it until the pilot is read out",
    "decide go or no-go on the pilot's figures",
    "roll out region by region, support staffed double for two weeks",
    "review after thirty days and close what did not work",
)
OWNERS = ("retail", "operations", "finance", "product", "marketing", "people", "trips")


def ask(rng: Random) -> Ask:
    said = company.slots(rng) | {"city2": rng.choice(company.CITIES)}
    constraints = "\n".join(f"- {line}" for line in rng.sample(CONSTRAINTS, rng.randrange(2, 6)))
    user = f"Goal: {rng.choice(GOALS)}.\n\nConstraints:\n{constraints}\n\nTeam: {', '.join(rng.sample(OWNERS, 4))}.".format(
        **said
    )
    return say(SYSTEM, user, max_tokens=2500)


def answer(seen: Ask, rng: Random) -> Answer:
    text = seen.last_user_text
    goal = re.search(r"Goal: (.+)\.", text)
    team = re.search(r"Team: (.+)\.", text)
    owners = team.group(1).split(", ") if team else list(OWNERS)
    constraints = re.findall(r"^- (.+)$", text, re.MULTILINE)
    said = company.slots(rng)
    steps = [STEPS[i].format(**said) for i in sorted(rng.sample(range(len(STEPS)), rng.randrange(5, 9)))]
    lines = [f"Plan: {goal.group(1) if goal else 'the goal'}", ""]
    lines += [
        f"{n}. {step[0].upper()}{step[1:]} ({rng.choice(owners)}, week {n + rng.randrange(3)})."
        for n, step in enumerate(steps, 1)
    ]
    lines += ["", "Risks:"]
    lines += [
        f"- Because {each}, step {rng.randrange(1, len(steps))} may slip. Early sign: no date by week 2. Way out: a smaller first step."
        for each in constraints[:2]
    ]
    lines += [
        "",
        f"The plan stands on the assumption that {constraints[-1] if constraints else 'the budget holds'} does not change; if it does, start over at step 2.",
    ]
    return Answer("\n".join(lines), reasoning_tokens=rng.randrange(400, 1500))


TASK = Task("plan_launch", "You are the chief of staff at Brambleway", ask, answer)
