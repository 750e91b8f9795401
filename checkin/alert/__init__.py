"""The escalation machine: from a request for support to a person who has it.

Pure: `escalate(alert, event) -> (alert, effects)`. Must not know how people are told, nor the clock.
"""
