"""Settings: keys, people, retention, prices, contracts and owners, what apps let out, alerts. Changed through the collector's commands.

What a key may not see or change is refused by the collector; this page only says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from suffice.errors import SufficeError
from suffice_dashboard import administration, pieces, queries, states
from suffice_dashboard.administration import ADMIN_ONLY, ROLES, SCOPES
from suffice_dashboard.formatting import plural
from suffice_dashboard.project import shown
from suffice_dashboard.queries import Row
from suffice_store.contracts import effective_costs, parse_terms
from suffice_store.recorded_prices import recorded_prices

MB, GB = 10**6, 10**9
SHUT_OUT = "These pages hold no key themselves: the first one made would shut them out too. Start collector and dashboard with SUFFICE_KEY, or both by suffice up."
NO_ROLE = "no role any more"
PRICES_SHOWN = 60
DAY_S = 86_400


@states.guarded
def render() -> None:
    """Draw the page."""
    you = queries.read_you()
    admin = "admin" in you["scopes"]
    st.html(pieces.title("Settings"))
    st.html(pieces.paragraphs([administration.you_sentence(you)]))
    _keys(admin, shuts_out=you["actor"] == "this machine")
    _people(admin)
    _retention(admin)
    _prices(admin)
    _terms(admin)
    _capture()
    _alerts()


def _attempt(command: str, said: str = "", **arguments: Any) -> Row | None:
    """Carry out a command; where it is refused, say why."""
    try:
        answer = queries.change(command, **arguments)
    except SufficeError as refused:
        st.error(str(refused))
        return None
    if said:
        st.toast(said)
    return answer


def _rows(title: str, note: str, read: str) -> list[Row] | None:
    """A section that administrators see; None where these pages may not."""
    rows = queries.read_allowed(read)
    st.html(pieces.section(title, note if rows is not None else ADMIN_ONLY))
    return rows


def _redrawn(table: Callable[[], None], form: Callable[[], None], *, admin: bool, label: str, icon: str) -> None:
    """The table above the form that changes it, drawn after it: what was just changed is in it."""
    place = st.container()
    if admin:
        with st.expander(label, icon=icon):
            form()
    with place:
        table()


def _keys(admin: bool, *, shuts_out: bool) -> None:
    """``shuts_out``: these pages hold no key, so the first one that is stored would be asked of them too."""
    note = "A key is shown once, when it is made. As soon as there is one, every request needs a key. Use is since the collector started."
    if _rows("Keys", note, "keys") is None:
        return
    _redrawn(
        _keys_table, _key_forms, admin=admin and not shuts_out, label="Make or revoke a key", icon=":material/key:"
    )
    if shuts_out:
        st.html(pieces.paragraphs([SHUT_OUT], "sf-note"))


def _keys_table() -> None:
    keys = queries.read_allowed("keys") or []
    used = {row["key_id"]: row for row in queries.read_health().get("keys") or []}
    empty = pieces.paragraphs(
        ["There is none: only this machine is answered, and SUFFICE_KEY where it is set."], "sf-note"
    )
    st.html(administration.keys_table(keys, used) if keys else empty)


def _key_forms() -> None:
    with st.form("create-key", border=False):
        with st.container(horizontal=True):
            label = st.text_input("Held by", placeholder="shop backend", max_chars=100, width=260)
            scopes = st.multiselect(
                "Scopes", list(SCOPES), ["ingest"], format_func=lambda each: f"{each}: {SCOPES[each]}", width=420
            )
            role = st.selectbox("Role", [None, "reader", "analyst", "auditor"], format_func=lambda each: each or "none", width=150,
                                help="What its reads show. Needs scope read.")  # fmt: skip
        with st.container(horizontal=True):
            requests = st.number_input("Requests a minute (0: any)", 0, step=100, width=230)
            megabytes = st.number_input("MB a minute (0: any)", 0, step=10, width=230)
            every = st.checkbox("For every project")
        made = st.form_submit_button("Make the key", icon=":material/add:")
    if made:
        arguments: Row = {"project": "*"} if every else {}
        answer = _attempt("create_key", label=label, scopes=scopes, role=role, requests_per_minute=requests or None,
                          bytes_per_minute=megabytes * MB or None, **arguments)  # fmt: skip
        if answer:
            st.html(
                pieces.paragraphs(
                    [
                        f"Key **{answer['key_id']}** for {answer['name']}. Copy it now: it is stored nowhere and not shown again."
                    ]
                )
            )
            st.code(answer["key"], language=None)
    active = {row["key_id"]: row["name"] for row in queries.read_allowed("keys") or [] if row["active"]}
    if not active:
        return
    with st.form("revoke-key", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        key_id = st.selectbox("Revoke", list(active), format_func=lambda each: f"{each} · {active[each]}", width=380)
        sure = st.checkbox("Its requests are refused at once, for good")
        pressed = st.form_submit_button("Revoke the key", icon=":material/block:")
    if pressed and not sure:
        st.warning("Tick the box to say that you mean it.")
    elif pressed:
        _attempt("revoke_key", f"{key_id} is revoked.", key_id=key_id, project="*")


def _people(admin: bool) -> None:
    note = "For people who log in (suffice dashboard --oidc), and for programs that say who asks (X-Suffice-User): docs/security.md."
    if _rows("People", note, "members") is None:
        return
    _redrawn(_members_table, _member_form, admin=admin, label="Give a person a role", icon=":material/person_add:")


def _members_table() -> None:
    members = [row for row in queries.read_allowed("members") or [] if row["role"]]
    st.html(
        administration.members_table(members)
        if members
        else pieces.paragraphs(["Nobody has a role of their own."], "sf-note")
    )


def _member_form() -> None:
    with st.form("member", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        email = st.text_input("E-mail", placeholder="ann@example.com", width=300)
        role = st.selectbox("Role", [*ROLES, NO_ROLE], width=200)
        pressed = st.form_submit_button("Give the role")
    if pressed:
        _attempt("set_member", f"{email}: {role}", email=email, role=None if role == NO_ROLE else role)


def _retention(admin: bool) -> None:
    rows = _rows("Retention", "", "retention")
    if rows is not None:
        _redrawn(
            _retention_now,
            _retention_form,
            admin=admin,
            label="Change how long calls are kept",
            icon=":material/auto_delete:",
        )


def _policy() -> Row:
    project = shown()
    return next((row for row in queries.read_allowed("retention") or [] if row["project"] == project), {})


def _retention_now() -> None:
    st.html(pieces.paragraphs([administration.retention_sentence(_policy())]))


def _retention_form() -> None:
    now = _policy()
    with st.form("retention", border=False):
        with st.container(horizontal=True):
            days = st.number_input("Days (0: for ever)", 0, 36_500, now.get("max_age_days") or 0, width=230)
            most = st.number_input(
                "GB on disk (0: however many)", 0.0, None, (now.get("max_bytes") or 0) / GB, 1.0, width=260
            )
        sure = st.checkbox("What is over the limit is deleted within the hour, and can't be had back")
        pressed = st.form_submit_button("Keep it so")
    if pressed and (days or most) and not sure:
        st.warning("Tick the box to say that you mean it.")
    elif pressed:
        _attempt("set_retention", "Changed.", max_age_days=days or None, max_bytes=round(most * GB) or None)


def _prices(admin: bool) -> None:
    note = "USD per million tokens, in force today, of the models in your calls; batch and other tiers where you look a model up. One set by hand wins over your list, your list over the shipped ones."
    st.html(pieces.section("Prices", note))
    _redrawn(_prices_table, _price_form, admin=admin, label="Set a price", icon=":material/attach_money:")


def _prices_table() -> None:
    models, providers = (
        {row["key"] for row in queries.read_spend(by, {}) if row["key"]} for by in ("model", "provider")
    )
    listed = queries.read_live("prices")
    wanted = st.text_input("Model", key="price", bind="query-params", placeholder="Look a model up", width=300,
                           icon=":material/search:", label_visibility="collapsed")  # fmt: skip
    if wanted:
        found = [row for row in listed if wanted.lower() in row["model"].lower()]
    else:
        own = [row for row in listed if row["project"]]
        usual = [row for row in recorded_prices(listed, models, providers) if row["tier"] == "standard"]
        found = own + [row for row in usual if not row["project"]]
    if found:
        st.html(administration.prices_table(found[:PRICES_SHOWN]))
    more = f"{plural(len(found) - PRICES_SHOWN, 'more price')} not shown. " if len(found) > PRICES_SHOWN else ""
    missing = [row for row in queries.read_live("unpriced_models") if row["model"]]
    unpriced = ", ".join(f"{row['model']} ({plural(row['calls'], 'call')})" for row in missing[:8])
    said = [f"{more}{plural(len(listed), 'price')} are known in all; a list of your own: suffice prices update FILE."]
    st.html(pieces.paragraphs([*([f"**Without a price**: {unpriced}."] if unpriced else []), *said], "sf-note"))


def _price_form() -> None:
    missing = next((row["model"] for row in queries.read_live("unpriced_models") if row["model"]), "")
    with st.form("price-form", border=False):
        with st.container(horizontal=True):
            model = st.text_input(
                "Model of your calls",
                missing,
                placeholder="house-70b",
                width=260,
                help="A * at its end stands for dated snapshots.",
            )
            given = st.text_input("Input, USD per million", placeholder="2.50", width=190)
            taken = st.text_input("Output, USD per million", placeholder="10", width=190)
            cached = st.text_input("From cache (optional)", placeholder="as input", width=190)
        pressed = st.form_submit_button("Set the price")
    if pressed:
        _attempt("set_price", f"{model} has its price, for earlier calls too.", model=model.strip(), source="set on the Settings page",
                 input_usd_per_mtok=given.strip() or None, output_usd_per_mtok=taken.strip() or None,
                 cache_read_usd_per_mtok=cached.strip() or None)  # fmt: skip


def _terms(admin: bool) -> None:
    note = "Of one file of terms: what you agreed with a provider, and which team, owner and cost centre a service belongs to. docs/costs.md has the form."
    st.html(pieces.section("Contracts and owners", note))
    _redrawn(_terms_tables, _terms_form, admin=admin, label="Read in a file of terms", icon=":material/upload_file:")


def _terms_tables() -> None:
    today = int(time.time()) // DAY_S
    contracts = effective_costs(queries.read_live("contracts"), queries.read_live("daily", environment="all"), today)
    owners = [
        row
        for row in queries.read_live("service_owners")
        if any(row[key] for key in ("environment", "team", "owner", "cost_centre"))
    ]
    if contracts:
        st.html(administration.contracts_table(contracts))
    if owners:
        st.html(administration.owners_table(owners))
    if not contracts and not owners:
        st.html(pieces.paragraphs(["None was read in: suffice prices terms FILE, or below."], "sf-note"))


def _terms_form() -> None:
    given = st.file_uploader("File of terms (TOML)", type=["toml"], help="It replaces what an earlier file said.")
    if given is None or not st.button("Let it count from now on"):
        return
    try:
        stated = parse_terms(given.getvalue().decode("utf-8", "replace"), given.name)
    except SufficeError as wrong:
        st.error(str(wrong))
        return
    _attempt("set_terms", f"{given.name} counts from now on.", source=given.name, **stated)


def _capture() -> None:
    modes = queries.read_live("capture_modes")
    note = "What the apps let out, by their newest calls. An app says it: suffice.init(capture=...), docs/privacy.md."
    st.html(pieces.section("Privacy", note))
    st.html(
        administration.capture_table(modes) if modes else pieces.paragraphs(["No call was recorded yet."], "sf-note")
    )


def _alerts() -> None:
    note = "What was raised stands on Health. Where alerts go stands in a file that the collector is started with (--alerts), not here: docs/alerts.md."
    st.html(pieces.section("Alerts", note) + f'<p class="sf-note">{pieces.link("health", "See the alerts →")}</p>')


if __name__ == "__main__":
    render()
