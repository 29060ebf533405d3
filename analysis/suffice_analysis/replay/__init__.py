"""Replay: recorded requests sent to a candidate, its answers judged against the recorded ones, stored and counted.

candidates.py   who is asked, from a file, a line or what answers on this machine
permission.py   where recorded content may go
samples.py      which calls, in which order; rebuilding.py makes requests of them
sending.py      one request, with its retries, becomes a call
budget.py       calls, tokens, money and time that may be spent
sequential.py   intervals that hold at every look, and when to stop
campaign.py     one task, one candidate, one variant: send, judge, store, look
ceiling.py      how often the recorded model agrees with itself, and what that bounds
marks.py        what people said of answers; judge_error.py: what that says of a judge
model_judge.py  a model as judge of what rules leave open
outcomes.py     right or wrong, pair by pair, where outcomes are known of both answers
planning.py     which task next, by the money settled per dollar
proving.py      many campaigns under one budget
results.py      replays -> rows of estimates, per task, candidate and variant
"""
