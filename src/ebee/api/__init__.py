"""The public verbs: attach, load, compile; sessions. `ebee` re-exports them lazily."""
