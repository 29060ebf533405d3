"""One file a format of recorded calls: bytes of a file to records, in constant memory.

An importer is a module with the fixed names of ``contract.Importer``; adding one is writing that file,
putting it into ``IMPORTERS`` and its example into the contract suite.
"""

from __future__ import annotations

from suffice.errors import SufficeError, UsageError
from suffice_collector.importers import (
    helicone,
    langfuse,
    langsmith,
    litellm,
    mlflow,
    openai_log,
    otlp_file,
    phoenix,
)
from suffice_collector.importers.contract import Importer

IMPORTERS: tuple[Importer, ...] = (
    otlp_file, openai_log, langfuse, litellm, phoenix, langsmith, helicone, mlflow,
)  # fmt: skip
AUTO = "auto"


def find_importer(name: str, head: bytes, path: str) -> Importer:
    """The importer of that name, or for ``auto`` the first that recognises the file's first bytes.

    Raises UsageError for an unknown name, SufficeError for a file that no importer recognises.
    """
    if name != AUTO:
        found = next((each for each in IMPORTERS if name == each.NAME), None)
        if found is None:
            names = ", ".join([AUTO, *(each.NAME for each in IMPORTERS)])
            raise UsageError(f"there is no format '{name}': --format takes {names}")
        return found
    found = next((each for each in IMPORTERS if each.recognises(head, path)), None)
    if found is None:
        raise SufficeError(
            f"{path} is neither a call log (JSON Lines with request and response) nor an OTLP export, nor one of "
            "Langfuse, LiteLLM, Phoenix, LangSmith, Helicone, MLflow; say --format if it is one"
        )
    return found
