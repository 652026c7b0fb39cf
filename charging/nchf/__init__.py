"""Nchf_ConvergedCharging (N40, TS 32.291 v3): what goes over the wire and what it means.

Nothing here opens a connection or a transaction. A request is bytes → `decoding` → `messages` →
`translate` → the engine; an answer is the engine's decisions → `answers` → bytes; a refusal is a
`problems.Problem`.
"""
