"""Checkin: a self-hosted check-in service by text message and phone.

The rooms of this package, top to bottom (imports go down only): `cli`, then `service`, `store`,
`conversation`, and on the ground floor `carrier`, `flow`, `alert`, `timing` and `people`.
`docs/architecture.md` shows the whole house.
"""
