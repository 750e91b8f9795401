"""One member going through one flow: the run, the reading of replies, and the engine.

Pure: the same run and event always give the same result. Must not know the clock, chance, the store or the
carrier.
"""
