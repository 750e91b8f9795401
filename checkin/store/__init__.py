"""The store: tables, encryption at rest, migrations and the unit of work.

Knows how state is kept, on SQLite and on PostgreSQL. Must not know why it changes: no flow is stepped and
no message is worded here.
"""
