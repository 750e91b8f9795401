"""The service over HTTP: Twilio's webhooks, the pretend phones, health.

Knows requests and responses. Must not know how anything is decided, and never imports the workers.
"""
