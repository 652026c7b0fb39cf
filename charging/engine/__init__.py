"""The charging rules on plain values: no Django, no clock, no I/O, integers and Decimal only.

Charging, preview, simulation and explanation all call this package on the same types. It knows
neither N40 nor the database; `charging.nchf` and `charging.store` translate to and from it.
"""
