"""Running a case: its events in order, on one state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from charging.engine.calendar import Almanac
from charging.engine.cases import sessions
from charging.engine.cases.case import UNLIMITED, Case, Event, Kind, Op
from charging.engine.cases.cashier import Cashier, Progress, Refused
from charging.engine.cases.compiling import Compiled, PlanPrices
from charging.engine.cases.outcome import Outcome
from charging.engine.cases.sessions import Session
from charging.engine.cases.state import Holder, State
from charging.engine.cases.walking import NoPrice
from charging.engine.prefixes import PrefixTable
from charging.engine.profile import CASES, OURS
from charging.engine.tariff import RatingGroup, Tariff

NO_ACCOUNT = "ACCOUNT_NOT_FOUND"
ACCOUNT_DISABLED = "ACCOUNT_DISABLED"


def run_case(
    case: Case,
    *,
    tariff: Tariff | None = None,
    rating_groups: Mapping[str, RatingGroup] | None = None,
    prefixes: PrefixTable | None = None,
    almanac: Almanac | None = None,
) -> list[Outcome]:
    """What each event of a case gives.

    A case that gives no prices of its own can be priced by a `tariff`: by the rules of live
    charging then, under the rating group that `rating_groups` has for the event's category or,
    failing that, its type. `prefixes` are the destination groups its conditions name, unless the
    case gives them; `almanac` is the wall time of its bands.
    """
    plan = None
    if tariff is not None:
        plan = PlanPrices(
            tariff=tariff, rating_groups=rating_groups or {}, prefixes=prefixes, almanac=almanac
        )
    runner = _Runner(case, plan)
    return [runner.run(event) for event in case.events]


class _Runner:
    def __init__(self, case: Case, plan: PlanPrices | None) -> None:
        self._compiled = Compiled(case.given, plan)
        self._state = State(case.given, self._compiled)
        self._cashier = Cashier(self._compiled, self._state, OURS if plan else CASES)
        self._own = case.given.account
        self._sessions: list[Session] = []

    def run(self, event: Event) -> Outcome:
        """Carry the event out as often as it says; the last time is what is told."""
        outcome = Outcome()
        for _ in range(event.repeat):
            try:
                outcome = self._run_once(event)
            except (Refused, NoPrice) as error:
                outcome = Outcome(error=str(error))
        return replace(outcome, balances=self._state.balances())

    def _run_once(self, event: Event) -> Outcome:
        if event.op is Op.RATE:
            holder = self._state.holders.get(event.account) or self._own_holder()
            cost, units = self._cashier.price(event, holder, event.usage or 0)
            return Outcome(cost=self._money(cost), charged_usage=Decimal(units))
        holder = self._holder(event)
        if event.op in (Op.SESSION_START, Op.SESSION_UPDATE, Op.SESSION_END):
            return self._in_session(event, holder)
        progress = Progress(start=event.at, has_paid_fee=bool(event.loop))
        if event.op is Op.QUOTE:
            granted = self._cashier.quote(event, holder, progress, event.usage or 0)
            return Outcome(granted=UNLIMITED if granted is None else Decimal(granted))
        is_reserve = event.op is Op.RESERVE
        take = self._cashier.reserve if is_reserve else self._cashier.debit
        debited = take(event, holder, progress, event.usage or 0)
        return Outcome(
            cost=self._money(debited.cost),
            granted=Decimal(debited.granted) if is_reserve else None,
            charged_usage=Decimal(debited.units),
        )

    def _own_holder(self) -> Holder | None:
        return self._state.holders[self._own.id] if self._own else None

    def _holder(self, event: Event) -> Holder:
        holder = self._state.holders.get(event.account) if event.account else self._own_holder()
        if holder is None:
            raise Refused(NO_ACCOUNT)
        if holder.account.is_disabled:
            raise Refused(ACCOUNT_DISABLED)
        return holder

    def _money(self, amount: int) -> Decimal:
        return self._compiled.scale.decimal(amount, Kind.MONETARY)

    # ── sessions ─────────────────────────────────────────────────────────────────────────────

    def _in_session(self, event: Event, holder: Holder) -> Outcome:
        session = self._session(event, holder)
        event = session.said(event)
        if event.op is Op.SESSION_END:
            self._sessions.remove(session)
            used = self._used_at_end(session, event)
            cost = sessions.end(self._cashier, session, event, used)
            return self._so_far(session, cost)
        wanted = event.usage or 0
        if event.total_usage is not None and event.op is Op.SESSION_UPDATE:
            wanted = sessions.ask_by_total(session, event.total_usage)
        elif event.last_used is not None:
            sessions.correct(session, event.last_used)
        granted = sessions.grant(self._cashier, session, event, wanted)
        return replace(self._so_far(session, session.cost), granted=Decimal(granted))

    def _so_far(self, session: Session, cost: int) -> Outcome:
        return Outcome(
            cost=self._money(cost),
            charged_usage=Decimal(session.charged),
            session_usage=Decimal(session.total),
        )

    def _used_at_end(self, session: Session, event: Event) -> int:
        if event.total_usage is not None:
            return event.total_usage
        if event.last_used is not None:
            sessions.correct(session, event.last_used)
        return session.total

    def _session(self, event: Event, holder: Holder) -> Session:
        """The open session that the event is of, or a new one."""
        for session in reversed(self._sessions):
            if session.covers(holder, event):
                if event.op is not Op.SESSION_START:
                    return session
                self._sessions.remove(session)
                break
        progress = Progress(start=event.at, has_paid_fee=bool(event.loop))
        session = Session(holder=holder, event=event, progress=progress)
        self._sessions.append(session)
        return session
