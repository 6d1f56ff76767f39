"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject_at", "audit", ["subject", "at"])

    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "members",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("name", name="uq_members_name"),
    )
    op.create_table(
        "offenders",
        sa.Column("id", KEY, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("last_name", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("ethnicity_code", sa.String(), nullable=True),
        sa.Column("height_cm", sa.Integer(), nullable=True),
        sa.Column("build", sa.String(), nullable=False),
        sa.Column("hair", sa.String(), nullable=False),
        sa.Column("marks", sa.String(), nullable=False),
        sa.Column("offences", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("show_until", sa.Date(), nullable=True),
        sa.Column("delete_after", sa.Date(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offenders"),
        sa.UniqueConstraint("reference", name="uq_offenders_reference"),
    )
    op.create_table(
        "places",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("said_as", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("misheard", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("adjacent", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("cameras", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("open_from", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
        sa.UniqueConstraint("name", name="uq_places_name"),
    )
    op.create_table(
        "transmissions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("strength_dbm", sa.Double(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("audio_path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("split", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_reason", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transmissions"),
        sa.UniqueConstraint("uid", name="uq_transmissions_uid"),
    )
    op.create_index("ix_transmissions_channel_started_at", "transmissions", ["channel", "started_at"])
    op.create_index("ix_transmissions_started_at", "transmissions", ["started_at"])
    op.create_index("ix_transmissions_state_started_at", "transmissions", ["state", "started_at"])

    op.create_table(
        "aliases",
        sa.Column("id", KEY, nullable=False),
        sa.Column("offender_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["offender_id"], ["offenders.id"], name="fk_aliases_offender_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_aliases"),
    )
    op.create_index("ix_aliases_offender_id", "aliases", ["offender_id"])

    op.create_table(
        "calls",
        sa.Column("id", KEY, nullable=False),
        sa.Column("transmission_id", KEY, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("intent", sa.String(24), nullable=False),
        sa.Column("caller", sa.String(), nullable=True),
        sa.Column("called", sa.String(), nullable=True),
        sa.Column("place_id", KEY, nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("place_said", sa.String(), nullable=True),
        sa.Column("heading", sa.String(), nullable=True),
        sa.Column("description", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("priority", sa.String(24), nullable=False),
        sa.Column("read_back", sa.Boolean(), nullable=False),
        sa.Column("reading", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("decision", sa.String(24), nullable=False),
        sa.Column("decision_reason", sa.String(), nullable=False),
        sa.Column("alert_kind", sa.String(24), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timings", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name="fk_calls_place_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["transmission_id"], ["transmissions.id"], name="fk_calls_transmission_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("transmission_id", name="uq_calls_transmission_id"),
    )
    op.create_index("ix_calls_decision_decided_at", "calls", ["decision", "decided_at"])

    op.create_table(
        "sites",
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("hours", sa.String(), nullable=False),
        sa.Column("radio_unit", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_sites_member_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
        sa.UniqueConstraint("member_id", "name", name="uq_sites_member_id_name"),
    )
    op.create_table(
        "transcripts",
        sa.Column("transmission_id", KEY, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("words", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("hypotheses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("average_logprob", sa.Double(), nullable=False),
        sa.Column("no_speech", sa.Double(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("took_s", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["transmission_id"], ["transmissions.id"], name="fk_transcripts_transmission_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("transmission_id", name="pk_transcripts"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("priority", sa.String(24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", KEY, nullable=True),
        sa.Column("updates_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_alerts_call_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["alerts.id"], name="fk_alerts_ended_by_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["updates_id"], ["alerts.id"], name="fk_alerts_updates_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("call_id", name="uq_alerts_call_id"),
        sa.UniqueConstraint("number", name="uq_alerts_number"),
    )
    op.create_index("ix_alerts_created_at", "alerts", ["created_at"])

    op.create_table(
        "contacts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("site_id", KEY, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("wants_sms", sa.Boolean(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_contacts_member_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name="fk_contacts_site_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        sa.UniqueConstraint("phone", name="uq_contacts_phone"),
    )
    op.create_index("ix_contacts_member_id", "contacts", ["member_id"])

    op.create_table(
        "notices",
        sa.Column("id", KEY, nullable=False),
        sa.Column("offender_id", KEY, nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("served_by", sa.String(), nullable=False),
        sa.Column("extends_id", KEY, nullable=True),
        sa.Column("breach_call_id", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["breach_call_id"], ["calls.id"], name="fk_notices_breach_call_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["extends_id"], ["notices.id"], name="fk_notices_extends_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["offender_id"], ["offenders.id"], name="fk_notices_offender_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_offender_id_expires_on", "notices", ["offender_id", "expires_on"])

    op.create_table(
        "alert_notices",
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("notice_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_notices_alert_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_alert_notices_notice_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", "notice_id", name="pk_alert_notices"),
    )
    op.create_index("ix_alert_notices_notice_id", "alert_notices", ["notice_id"])

    op.create_table(
        "alert_offenders",
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("offender_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_offenders_alert_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["offender_id"], ["offenders.id"], name="fk_alert_offenders_offender_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "offender_id", name="pk_alert_offenders"),
    )
    op.create_index("ix_alert_offenders_offender_id", "alert_offenders", ["offender_id"])

    op.create_table(
        "deliveries",
        sa.Column("id", KEY, nullable=False),
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=True),
        sa.Column("channel", sa.String(24), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("half_sent", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_deliveries_alert_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_deliveries_contact_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("idempotency_key", name="uq_deliveries_idempotency_key"),
    )
    op.create_index("ix_deliveries_alert_id", "deliveries", ["alert_id"])
    op.create_index("ix_deliveries_state_turn_created_at", "deliveries", ["state", "turn", "created_at"])

    op.create_table(
        "matches",
        sa.Column("id", KEY, nullable=False),
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("offender_id", KEY, nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("wanted", sa.String(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("negated", sa.Boolean(), nullable=False),
        sa.Column("hedged", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("notice", sa.String(24), nullable=False),
        sa.Column("notice_id", KEY, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_matches_call_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_matches_notice_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["offender_id"], ["offenders.id"], name="fk_matches_offender_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_matches"),
    )
    op.create_index("ix_matches_call_id", "matches", ["call_id"])
    op.create_index("ix_matches_offender_id", "matches", ["offender_id"])
    op.create_index("ix_matches_reference_call_id", "matches", ["reference", "call_id"])

    op.create_table(
        "receipts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("delivery_id", KEY, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_receipts_delivery_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
    )
    op.create_index("ix_receipts_delivery_id", "receipts", ["delivery_id"])
    op.create_index("ix_receipts_provider_id", "receipts", ["provider_id"])
    counters = sa.table("counters", sa.column("name", sa.String), sa.column("value", sa.Integer))
    names = ("alert_number", "register_version", "members_version", "places_version")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])
