"""The database's schema, step by step (alembic). A test holds the sum of the steps equal to the models."""
