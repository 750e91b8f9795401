"""Twilio as the tests play it: its API, its webhooks and its faults, on loopback."""
