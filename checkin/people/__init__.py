"""People's phone numbers, what they agreed to, and the limits on asking them.

Pure: no store, no carrier, no clock. People are opaque ids here.
"""
