"""The analysis: calls to tasks to replaceability to savings to a report. Pure stages."""
