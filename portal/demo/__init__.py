"""Two imaginary operators with plans, people, a hundred accounts each and two weeks of usage.

Everything goes through the services, and usage through the N40 client and the charging function,
in this process and with the clock turned back: the books of the demo balance like real ones.
"""
