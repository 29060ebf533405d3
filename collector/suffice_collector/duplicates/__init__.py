"""One call told more than once: which of the tellings counts.

Two instrumentations of one client, a framework's span around the client's, an agent's span with the sum of its
children, a span and its log records: adding tokens over spans was measured at 0.00 to 2.00 times the truth. Every
telling is stored; a row in ``duplicates`` takes one out of the sums and names the rule: ``response_id``,
``time_overlap`` (``across_traces``), ``ancestor_tokens``, ``nested_same``, ``split_stream`` (``within_trace``),
``span_log`` (``joining``); ``retry`` is a failed attempt of a call that a later one answers and says so itself. What each must not merge stands beside it, and in tests/collector/duplicates.

Looks only at recent spans (bounded), and once, at a start, into the store; a resend is no duplicate, it has the same
call_id.
"""

from suffice_collector.duplicates.finder import DuplicateFinder
from suffice_collector.duplicates.telling import Mark

__all__ = ["DuplicateFinder", "Mark"]
