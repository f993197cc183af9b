"""How the ledger is judged: pure functions over values."""
