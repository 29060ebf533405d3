"""Replay: recorded requests sent to a candidate, its answers judged against the recorded ones, stored and counted.

candidates.py   who is asked, from a file, a line or what answers on this machine
permission.py   where recorded content may go
samples.py      which calls, in which order; rebuilding.py makes requests of them
sending.py      one request, with its retries, becomes a call
budget.py       calls, tokens, money and time that may be spent
sequential.py   intervals that hold at every look, and when to stop
campaign.py     one task, one candidate, one variant: send, judge, store, look
planning.py     which task next, by the money settled per dollar
proving.py      many campaigns under one budget
results.py      replays -> rows of estimates, per task, candidate and variant
"""
