"""Reading balances, the ledger, and charging sessions with their explanation."""

from charging.selectors.balances import (
    Balance,
    Counter,
    ThresholdState,
    balances_of,
    counters_of,
    drawn_on,
    find_bucket,
)
from charging.selectors.explanation import ExplainedMessage, explain, explain_detail
from charging.selectors.ledger import ledger_of, waterfall_of
from charging.selectors.sessions import (
    Message,
    SessionDetail,
    SessionFilter,
    list_sessions,
    reversals_of,
    session_detail,
    sessions_of,
)

__all__ = [
    "Balance",
    "Counter",
    "ExplainedMessage",
    "Message",
    "SessionDetail",
    "SessionFilter",
    "ThresholdState",
    "balances_of",
    "counters_of",
    "drawn_on",
    "explain",
    "explain_detail",
    "find_bucket",
    "ledger_of",
    "list_sessions",
    "reversals_of",
    "session_detail",
    "sessions_of",
    "waterfall_of",
]
