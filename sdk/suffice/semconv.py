"""Attribute names: the GenAI conventions (semantic-conventions-genai v0.1.0), and our own under ``suffice.*``.

The SDK writes them and the collector reads them, so they stand once.
"""

SCOPE = "suffice"

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FINISH_REASONS = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"  # seconds
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_PREFIX = "gen_ai.request."  # + temperature, top_p, top_k, max_tokens, seed, stop_sequences, choice.count, ...
OUTPUT_TYPE = "gen_ai.output.type"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
INPUT_MESSAGES = "gen_ai.input.messages"  # JSON
OUTPUT_MESSAGES = "gen_ai.output.messages"  # JSON
SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"  # JSON
TOOL_DEFINITIONS = "gen_ai.tool.definitions"  # JSON
AGENT_NAME = "gen_ai.agent.name"
CONVERSATION_ID = "gen_ai.conversation.id"
ERROR_TYPE = "error.type"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
STATUS_CODE = "http.response.status_code"
USER_ID = "user.id"
SERVICE_NAME = "service.name"
ENVIRONMENT = "deployment.environment.name"

# Operations that ask a model. Anything else (invoke_agent, create_agent, execute_tool, fetch_response,
# invoke_workflow, plan, retrieval...) either asks none or repeats the sum of its children.
CALL_OPERATIONS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})

PROJECT = "suffice.project"  # on the resource
WIRE_FORMAT = "suffice.wire_format"
COMPLETENESS = "suffice.completeness"
CALL_SITE = "suffice.call_site"
ATTEMPT = "suffice.attempt"
RETRY_OF = "suffice.retry_of"  # list of "trace_id:span_id": the failed attempts before, which don't count as calls
TASK_NAME = "suffice.task"
RUN_ID = "suffice.run.id"
RUN_NAME = "suffice.run.name"
STEP = "suffice.step"
TAGS = "suffice.tags"  # JSON object: name -> text, number or true/false
CAPTURE_MODE = "suffice.capture"  # absent means full
SERVICE_TIER = "suffice.service_tier"
RESPONSE_FORMAT = "suffice.response_format"  # JSON, as sent
PARAMETERS = "suffice.parameters"  # JSON
USAGE_SOURCE = "suffice.usage.source"
USAGE_RAW = "suffice.usage.raw"  # JSON
CACHE_WRITE_5M_TOKENS = "suffice.usage.cache_write_5m_tokens"
CACHE_WRITE_1H_TOKENS = "suffice.usage.cache_write_1h_tokens"
AUDIO_INPUT_TOKENS = "suffice.usage.audio_input_tokens"
AUDIO_OUTPUT_TOKENS = "suffice.usage.audio_output_tokens"
ERROR_MESSAGE = "suffice.error.message"
CUT_BYTES = "suffice.cut_bytes"  # the call was too large for one request; this much of its texts is gone

OUTCOME_SPAN = "suffice.outcome"  # a span of this name carries an outcome
OUTCOME_TARGET = "suffice.outcome.target"  # "run" or "call"
OUTCOME_TARGET_ID = "suffice.outcome.target_id"
OUTCOME_OK = "suffice.outcome.ok"
OUTCOME_SCORE = "suffice.outcome.score"
OUTCOME_LABEL = "suffice.outcome.label"
