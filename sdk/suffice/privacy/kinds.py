"""Which attribute is what: the table that decides what leaves in which mode (docs/privacy.md shows it, tested)."""

from __future__ import annotations

from suffice import semconv

# Names, numbers, times and addresses of machines: leave in every mode, keys in them masked.
FACTS = frozenset(
    {
        semconv.OPERATION,
        semconv.PROVIDER,
        semconv.REQUEST_MODEL,
        semconv.RESPONSE_MODEL,
        semconv.RESPONSE_ID,
        semconv.FINISH_REASONS,
        semconv.TIME_TO_FIRST_CHUNK,
        semconv.REQUEST_STREAM,
        semconv.OUTPUT_TYPE,
        semconv.INPUT_TOKENS,
        semconv.OUTPUT_TOKENS,
        semconv.CACHE_READ_TOKENS,
        semconv.CACHE_WRITE_TOKENS,
        semconv.REASONING_TOKENS,
        semconv.ERROR_TYPE,
        semconv.SERVER_ADDRESS,
        semconv.SERVER_PORT,
        semconv.STATUS_CODE,
        semconv.WIRE_FORMAT,
        semconv.COMPLETENESS,
        semconv.CUT_BYTES,
        semconv.ATTEMPT,
        semconv.RETRY_OF,
        semconv.STEP,
        semconv.SERVICE_TIER,
        semconv.USAGE_SOURCE,
        semconv.CACHE_WRITE_5M_TOKENS,
        semconv.CACHE_WRITE_1H_TOKENS,
        semconv.AUDIO_INPUT_TOKENS,
        semconv.AUDIO_OUTPUT_TOKENS,
        semconv.OUTCOME_TARGET,
        semconv.OUTCOME_OK,
        semconv.OUTCOME_SCORE,
        semconv.CAPTURE_MODE,
        "http.request.method",
        "http.method",
        "http.status_code",
        "server.address",
        "server.port",
    }
)
MACHINES = frozenset({semconv.SERVER_ADDRESS, semconv.RETRY_OF})  # facts that are never text of a person's
# Words of the program: leave in every mode, masked in every one but "full".
LABELS = frozenset({semconv.AGENT_NAME, semconv.TASK_NAME, semconv.RUN_NAME, semconv.CALL_SITE, semconv.OUTCOME_LABEL})
# Ids of people and conversations, by the kind of their pseudonym: as they are in "full", masked in "masked", else pseudonyms.
IDS = {
    semconv.USER_ID: "user",
    semconv.CONVERSATION_ID: "session",
    semconv.RUN_ID: "run",
    semconv.OUTCOME_TARGET_ID: "run",
}
MESSAGES = frozenset({semconv.INPUT_MESSAGES, semconv.OUTPUT_MESSAGES})
# JSON that a person or a model wrote something in: never in "metrics"
CONTENT = MESSAGES | {semconv.SYSTEM_INSTRUCTIONS, semconv.TOOL_DEFINITIONS, semconv.RESPONSE_FORMAT}
NUMBERS_ONLY = frozenset(
    {semconv.PARAMETERS, semconv.USAGE_RAW}
)  # JSON objects; in "metrics" kept down to their numbers
ADDRESSES = frozenset({"url.full", "http.url"})
