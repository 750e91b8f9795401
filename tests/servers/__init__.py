"""Real servers for the tests: started on loopback, one a session, and ended by their process id."""
