"""Every mapped class at once, so that tables and foreign keys are complete."""

from ssflow.domain import (
    audit,
    definition,
    identity,
    incident,
    instance,
    job,
    mail,
    message,
    note,
    process_link,
    schedule,
    user_task,
)
from ssflow.domain.base import Base
from ssflow.domain.registers import (
    budget,
    customers,
    feedback,
    portfolio,
    strategy,
    work,
    working_time,
)

NOUNS = (
    audit,
    definition,
    identity,
    incident,
    instance,
    job,
    mail,
    message,
    note,
    process_link,
    schedule,
    user_task,
    budget,
    customers,
    feedback,
    portfolio,
    strategy,
    work,
    working_time,
)
"""The modules that map tables."""

METADATA = Base.metadata
