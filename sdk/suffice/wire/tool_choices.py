"""Which tool the model must, may or may not call: every vendor's spelling, told apart by shape, and the way to each."""

from __future__ import annotations

from typing import Any

from suffice.wire.lenient import as_object, as_text

AUTO, NONE, ANY = "auto", "none", "any"
Choice = str | tuple[str, str]  # one of the three, or ("tool", its name)

_WORDS = {"auto": AUTO, "none": NONE, "required": ANY, "any": ANY, "validated": ANY}


def read_tool_choice(value: Any) -> Choice | None:
    """The choice, or None for what is none that every vendor knows (a list of allowed tools, one of a vendor's own)."""
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    given = as_object(value)
    if calling := as_object(given.get("functionCallingConfig") or given.get("function_calling_config")):  # Gemini
        allowed = calling.get("allowedFunctionNames") or calling.get("allowed_function_names")
        if isinstance(allowed, list) and allowed:
            return ("tool", str(allowed[0])) if len(allowed) == 1 else None
        return _WORDS.get(str(calling.get("mode") or "auto").lower())
    for word in ("auto", "any"):  # Bedrock
        if isinstance(given.get(word), dict):
            return word
    named = as_object(given.get("function")) or as_object(given.get("tool")) or given
    if (name := as_text(named.get("name"))) and given.get("type") in ("function", "tool", None):
        return ("tool", name)
    kind = given.get("type")  # Anthropic
    return _WORDS.get(kind) if isinstance(kind, str) else None


def write_tool_choice(choice: Choice, wire_format: str) -> Any:
    """The parameter as that format spells it; None where it has no word for it."""
    word = choice if isinstance(choice, str) else None
    name = None if isinstance(choice, str) else choice[1]
    match wire_format:
        case "openai.chat":
            return "required" if word == ANY else word or {"type": "function", "function": {"name": name}}
        case "openai.responses":
            return "required" if word == ANY else word or {"type": "function", "name": name}
        case "anthropic.messages":
            return {"type": word} if word else {"type": "tool", "name": name}
        case "gemini.generateContent":
            calling = {"mode": word.upper()} if word else {"mode": "ANY", "allowedFunctionNames": [name]}
            return {"functionCallingConfig": calling}
        case "bedrock.converse":
            return None if word == NONE else {word: {}} if word else {"tool": {"name": name}}
        case "cohere.v2.chat":
            return {ANY: "REQUIRED", NONE: "NONE"}.get(word or "")
        case _:
            return None
