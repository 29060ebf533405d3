"""The simulated provider: one process that speaks OpenAI chat completions and Anthropic messages."""
