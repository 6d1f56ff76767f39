"""What was signalled with a transmission: who pressed talk, a selective call, a status."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "transmissions",
        # What is there already had none; the default stays, so that an older backup can be put back row by row.
        sa.Column("signalling", sa.JSON(none_as_null=True), nullable=False, server_default="[]"),
    )
