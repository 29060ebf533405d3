"""suffice: which of your agents' LLM calls does a small language model suffice for?"""
