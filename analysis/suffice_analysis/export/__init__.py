"""Export: recorded calls as training data of one task, or as a log that ``suffice import`` reads back.

examples.py     which calls may be learnt from, and why the others may not; secrets masked
splitting.py    train, validation, test: by run and time, nothing that was replayed in train
formats.py      openai, trl, parquet, flywheel
dataset.py      the folder, with its data card (card.py)
call_log.py     calls as OpenAI-shaped JSON Lines
"""
