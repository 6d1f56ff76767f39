"""For developers: `alembic -c dispatch/store/migrations/alembic.ini revision --autogenerate -m "..."`.

The program itself does not come through here; it runs the same files from `dispatch.store.migrate`.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection

from dispatch.store.address import parse_address
from dispatch.store.database import Database
from dispatch.store.migrate import belongs_to_models
from dispatch.store.tables import Base


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_as_batch=True,
        include_name=belongs_to_models,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _main() -> None:
    database = Database(parse_address(context.config.get_main_option("sqlalchemy.url") or ""))
    await database.prepare()
    try:
        async with database.connection(writes=True) as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


asyncio.run(_main())
