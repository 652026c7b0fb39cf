"""Rating case files: tariffs, balances and events as data, run through the engine.

A case says what is given (destinations, rates, balances), what happens (events) and what should
come of it. `reading` checks the file, `compiling` makes engine values of what is given, `running`
runs the events and `reporting` compares and says the result. docs/rating-cases.md describes the
format.
"""
