"""Plotly figures: pure functions from rows to figures. Text and grid colours are left to the page's theme."""
