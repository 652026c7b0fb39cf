"""The charging path: a batch of requests, one transaction, answers after the commit.

`batcher` collects, `store` locks, reads and writes, `processing` decides each request through the
engine, `rows` is what is written. No state of accounts lives in the process between batches, so
any number of charging functions may serve any account (docs/life-of-a-charging-request.md).
"""
