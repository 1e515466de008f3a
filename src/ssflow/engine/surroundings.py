"""What the engine is handed for one step: the time, who acts, and how to reach the outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ssflow.calendar import Calendar
from ssflow.engine.operations import OperationPort
from ssflow.engine.sandbox import Sandbox


@dataclass(frozen=True)
class Surroundings:
    """The world around an instance during one step; `reserved` are read-only names in code."""

    now: datetime
    calendar: Calendar
    reserved: Mapping[str, Any]
    operations: OperationPort
    sandbox: Sandbox
