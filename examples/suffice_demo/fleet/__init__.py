"""The fleet: Brambleway's five agents, each a process of its own, each recorded by one line."""
