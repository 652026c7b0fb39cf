"""An N40 client: what an SMF, SMSF or IMS node does towards a charging function (a CTF).

`usage` says what shall be used, `session` is the state machine of one charging session without
any I/O, `transport` carries its requests over HTTP/2, `drive` runs sessions to their end. It
knows no model and no setting: the emulator hands everything in.
"""
