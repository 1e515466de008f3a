"""What service tasks can do, one file an area: functions that change records, or call outside."""
