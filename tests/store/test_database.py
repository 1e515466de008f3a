import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from ssflow.store.database import Database
from ssflow.store.metadata import METADATA


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_make_exactly_the_tables_that_the_nouns_map(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )

        differences = compare_metadata(context, METADATA)

    assert differences == []
