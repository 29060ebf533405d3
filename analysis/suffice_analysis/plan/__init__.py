"""Plan: from a proof to traffic that has moved. ``suffice plan --task T -o DIR`` writes what a person follows and a gateway loads.

subject.py      what is known of the task: its calls, its replays, its candidate, the analysis and seed it all rests on
validator.py    what an answer must look like, learnt from the recorded ones
escalation.py   how often the validator sends an answer back, measured on replayed answers
rollout.py      shadow, 5 %, 50 %, full: calls needed, when to go on, when to stop
gateway.py      a LiteLLM configuration for each step; hook.py is what it loads
tuning.py       a LoRA or QLoRA recipe with its cost
readme.py       all of it in words; folder.py writes the folder
"""
