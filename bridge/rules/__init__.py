"""How calls are decided: pure functions over values, one file per question."""
