"""Who is found, in which order, and why: gates, a score in bands, a rotation, and explanations (requirements 3)."""
