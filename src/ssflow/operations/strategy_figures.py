"""Figures of a strategy: how complete it is and how its objectives and initiatives stand."""

from collections.abc import Sequence
from datetime import date

from ssflow.domain.registers.strategy import Rag


def red_pct(rags: Sequence[str]) -> float:
    """Tell how many objectives are red: 100 × red / all, rounded to two decimals; 0 of none."""
    return _share([rag == Rag.RED for rag in rags])


def late_pct(lates: Sequence[bool]) -> float:
    """Tell how many initiatives are late: 100 × late / all, rounded to two decimals; 0 of none."""
    return _share(lates)


def is_past_horizon(today: date, horizon_to: date) -> bool:
    """Tell whether the strategy's last day is over."""
    return today > horizon_to


def _share(marks: Sequence[bool]) -> float:
    return round(100 * sum(marks) / len(marks), 2) if marks else 0.0
