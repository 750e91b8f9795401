"""The flow language: its model, source positions, conditions, texts and checker.

Knows how a conversation is written down. Must not know who is in it, what time it is, or how it is sent.
"""
