"""The examples of docs/rating.md as data: stories that the engine is told, and their figures."""
