"""The one error type that reaches a person: its text says what was wrong and what to do."""


class SufficeError(Exception):
    """Something the user can mend. ``str(error)`` is one line, shown as it is on stderr (exit code 1)."""


class UsageError(SufficeError):
    """The command was called wrongly, or would be unsafe to carry out as asked (exit code 2)."""
