"""Alerts: what is worth one, the signed request or mail that tells it, and the thread that sends until it is told."""
