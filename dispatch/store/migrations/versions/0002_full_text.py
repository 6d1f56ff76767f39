"""Full-text index over the transcripts, so that searching a million calls stays quick.

SQLite: an FTS5 table that holds only the index, kept up to date by triggers (https://www.sqlite.org/fts5.html, "External
Content Tables"). PostgreSQL: a GIN index on the same words. Both split `search_text`, which is folded before it is stored.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE VIRTUAL TABLE search_transcripts USING fts5("
    "search_text, content='transcripts', content_rowid='transmission_id', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER search_transcripts_insert AFTER INSERT ON transcripts BEGIN "
    "INSERT INTO search_transcripts(rowid, search_text) VALUES (new.transmission_id, new.search_text); END",
    "CREATE TRIGGER search_transcripts_delete AFTER DELETE ON transcripts BEGIN "
    "INSERT INTO search_transcripts(search_transcripts, rowid, search_text) "
    "VALUES ('delete', old.transmission_id, old.search_text); END",
    "CREATE TRIGGER search_transcripts_update AFTER UPDATE OF search_text ON transcripts BEGIN "
    "INSERT INTO search_transcripts(search_transcripts, rowid, search_text) "
    "VALUES ('delete', old.transmission_id, old.search_text); "
    "INSERT INTO search_transcripts(rowid, search_text) VALUES (new.transmission_id, new.search_text); END",
    "INSERT INTO search_transcripts(search_transcripts) VALUES ('rebuild')",
)
POSTGRES = ("CREATE INDEX search_transcripts ON transcripts USING gin (to_tsvector('simple', search_text))",)


def upgrade() -> None:
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES
    for statement in statements:
        op.execute(statement)
