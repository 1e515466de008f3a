"""The public holidays of the country that a time zone lies in."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

import holidays
from babel.core import get_global

LANGUAGE = "en_US"


def country_of(timezone: ZoneInfo) -> str | None:
    """Give the country (ISO 3166, two letters) of a time zone; None for zones such as UTC."""
    country = get_global("zone_territories").get(timezone.key)
    return country if country in holidays.list_supported_countries() else None


def public_holidays(country: str, years: Iterable[int]) -> dict[date, str]:
    """List the public holidays of a country with their English names."""
    days = holidays.country_holidays(country, years=list(years), language=LANGUAGE)
    return {day: days[day] for day in sorted(days)}
