"""A small fleet of agents, a simulated provider, and the demo that runs them."""
