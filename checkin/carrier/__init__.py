"""Carriers: who moves texts and calls. Twilio, or the pretend phones of the emulator.

Knows one small interface and its two forms. Must not know members, flows or the store.
"""
