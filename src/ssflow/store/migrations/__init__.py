"""How the schema came to be, one Alembic revision after another."""
