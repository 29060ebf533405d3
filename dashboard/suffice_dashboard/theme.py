"""The look: Streamlit's theme options, light and dark, and the style sheet of our own pieces.

Colours in the style sheet are ``light-dark(...)``, so both themes follow the person's system and switch
without another run. No font or script is loaded from anywhere: the browser speaks to this process alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIGHT = {
    "primaryColor": "#2858D8",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F5F7FA",
    "textColor": "#16202B",
    "borderColor": "#E1E6ED",
    "linkColor": "#2858D8",
}
_DARK = {
    "primaryColor": "#7EA2FF",
    "backgroundColor": "#0E141B",
    "secondaryBackgroundColor": "#161E27",
    "textColor": "#E6EBF1",
    "borderColor": "#2A3440",
    "linkColor": "#8FB0FF",
}
_BOTH = {
    "font": "sans-serif",
    "headingFontWeights": "[650,650,600,600]",
    "headingFontSizes": '["1.9rem","1.35rem","1.1rem"]',
    "baseRadius": "10px",
    "showWidgetBorder": "true",
    "linkUnderline": "false",
    "chartCategoricalColors": '["#4A86E8","#0FA37F","#E0A030","#9B6BDF","#8C97A5","#D9667B","#3BA7C4","#A98F5C"]',
}


def theme_options() -> list[str]:
    """The ``--theme.…`` arguments for ``streamlit run``."""
    chosen = {f"theme.{name}": value for name, value in _BOTH.items()}
    chosen |= {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    chosen |= {f"theme.dark.{name}": value for name, value in _DARK.items()}
    return [f"--{name}={value}" for name, value in chosen.items()]


@cache
def style_sheet() -> str:
    """The style sheet of our own pieces, as a ``<style>`` element."""
    return f"<style>{Path(__file__).with_name('style.css').read_text('utf-8')}</style>"
