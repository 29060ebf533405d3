"""Savings: what was really paid, against four alternatives, stacked, each with its quality. Never added up."""
