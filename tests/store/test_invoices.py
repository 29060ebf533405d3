"""Providers' exports, each in its columns: what a day and a model add up to, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from suffice.errors import SufficeError
from suffice_store.invoices import InvoiceRow, parse_invoice

DAY = 20_717  # 2026-09-21

OPENAI_USAGE = """start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens
1789948800,1790035200,2026-09-21T00:00:00+00:00,2026-09-22T00:00:00+00:00,proj_1,2,,,gpt-4o-2024-08-06,False,default,60,10,20
1789948800,1790035200,2026-09-21T00:00:00+00:00,2026-09-22T00:00:00+00:00,proj_2,1,,,gpt-4o-2024-08-06,False,default,30,5,
1790035200,1790121600,2026-09-22T00:00:00+00:00,2026-09-23T00:00:00+00:00,,,,,,,,,,
"""
OPENAI_COSTS = """start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
1789948800,1790035200,2026-09-21T00:00:00+00:00,2026-09-22T00:00:00+00:00,0.1000000000,usd,"gpt-4o-2024-08-06, input",proj_1,org-1,Acme
1789948800,1790035200,2026-09-21T00:00:00+00:00,2026-09-22T00:00:00+00:00,0.0200000000,usd,"gpt-4o-2024-08-06, output",proj_1,org-1,Acme
1790035200,1790121600,2026-09-22T00:00:00+00:00,2026-09-23T00:00:00+00:00,,,,,,
"""
ANTHROPIC_USAGE = """usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-09-21,claude-sonnet-4-5-20250929,agents,Default,standard,\u2264 200k,100,20,3,400,50,0,not_available,
"""
ANTHROPIC_COST = """usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed
2026-09-21,Claude Sonnet 4.5,Default,agents,message,\u2264 200k,input_no_cache,1.50,1.50,token,global,
2026-09-21,Claude Sonnet 4.5,Default,agents,message,\u2264 200k,output,0.25,0.25,token,global,
"""


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (OPENAI_USAGE, [InvoiceRow("openai", "usage", DAY, "gpt-4o-2024-08-06", 3, 90, 15, 20)]),
        (OPENAI_COSTS, [InvoiceRow("openai", "cost", DAY, "gpt-4o-2024-08-06", usd=Decimal("0.12"))]),
        (ANTHROPIC_USAGE, [InvoiceRow("anthropic", "usage", DAY, "claude-sonnet-4-5-20250929", None, 523, 50, 400)]),
        (ANTHROPIC_COST, [InvoiceRow("anthropic", "cost", DAY, "Claude Sonnet 4.5", usd=Decimal("1.75"))]),
    ],
    ids=["openai-usage", "openai-costs", "anthropic-usage", "anthropic-cost"],
)
def test_each_export_adds_up_by_day_and_model(text: str, rows: list[InvoiceRow]) -> None:
    assert parse_invoice(text.splitlines(keepends=True), "x.csv") == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"^x\.csv is no usage or cost export .* columns are a, b$"),
        ("", r"^x\.csv is no usage or cost export .* columns are none$"),
        (OPENAI_COSTS.replace("0.02", "much"), r"^x\.csv, line 3: not a row of such an export$"),
        (OPENAI_COSTS.replace("usd,", "eur,"), r"^x\.csv, line 2: not a row of such an export$"),
        (ANTHROPIC_USAGE.replace("2026-09-21", "someday"), r"^x\.csv, line 2: not a row"),
    ],
)
def test_what_it_is_not_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(SufficeError, match=message):
        parse_invoice(text.splitlines(keepends=True), "x.csv")
