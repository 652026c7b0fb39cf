"""What happens to plan subscriptions by themselves: first use, renewal, grace, lapse.

`sweep` claims what is due in batches; `decisions` says what happens to one subscription, as plain
values; `changes` collects that and `store` writes it, each table once a batch. docs/renewal.md
says it in words.
"""
