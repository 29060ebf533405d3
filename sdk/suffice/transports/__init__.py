"""Hand over raw exchanges, one file an HTTP stack. They know no vendor."""
