CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alert_notices (
    alert_id bigint NOT NULL,
    notice_id bigint NOT NULL
);
CREATE TABLE public.alert_offenders (
    alert_id bigint NOT NULL,
    offender_id bigint NOT NULL,
    "position" integer NOT NULL
);
CREATE TABLE public.alerts (
    id bigint NOT NULL,
    number integer NOT NULL,
    call_id bigint NOT NULL,
    kind character varying(24) NOT NULL,
    priority character varying(24) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    place character varying,
    summary character varying NOT NULL,
    ended_at timestamp with time zone,
    ended_by_id bigint,
    updates_id bigint
);
CREATE SEQUENCE public.alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.alerts_id_seq OWNED BY public.alerts.id;
CREATE TABLE public.aliases (
    id bigint NOT NULL,
    offender_id bigint NOT NULL,
    "position" integer NOT NULL,
    alias character varying NOT NULL
);
CREATE SEQUENCE public.aliases_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.aliases_id_seq OWNED BY public.aliases.id;
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    action character varying NOT NULL,
    subject character varying NOT NULL,
    detail json NOT NULL
);
CREATE SEQUENCE public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;
CREATE TABLE public.calls (
    id bigint NOT NULL,
    transmission_id bigint NOT NULL,
    text character varying NOT NULL,
    intent character varying(24) NOT NULL,
    caller character varying,
    called character varying,
    place_id bigint,
    place character varying,
    place_said character varying,
    heading character varying,
    description json NOT NULL,
    priority character varying(24) NOT NULL,
    read_back boolean NOT NULL,
    reading json NOT NULL,
    decision character varying(24) NOT NULL,
    decision_reason character varying NOT NULL,
    alert_kind character varying(24),
    decided_at timestamp with time zone NOT NULL,
    timings json NOT NULL
);
CREATE SEQUENCE public.calls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.calls_id_seq OWNED BY public.calls.id;
CREATE TABLE public.contacts (
    id bigint NOT NULL,
    member_id bigint NOT NULL,
    site_id bigint,
    name character varying NOT NULL,
    phone character varying NOT NULL,
    wants_sms boolean NOT NULL,
    opted_out boolean NOT NULL,
    opted_out_at timestamp with time zone,
    retired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.contacts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.contacts_id_seq OWNED BY public.contacts.id;
CREATE TABLE public.counters (
    name character varying NOT NULL,
    value integer NOT NULL
);
CREATE TABLE public.deliveries (
    id bigint NOT NULL,
    alert_id bigint NOT NULL,
    contact_id bigint,
    channel character varying(24) NOT NULL,
    recipient character varying NOT NULL,
    body character varying NOT NULL,
    idempotency_key character varying NOT NULL,
    state character varying(24) NOT NULL,
    turn integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone,
    attempts integer NOT NULL,
    owner character varying,
    leased_until timestamp with time zone,
    half_sent boolean NOT NULL,
    provider_id character varying,
    detail character varying NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.deliveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.deliveries_id_seq OWNED BY public.deliveries.id;
CREATE TABLE public.matches (
    id bigint NOT NULL,
    call_id bigint NOT NULL,
    offender_id bigint,
    reference character varying NOT NULL,
    name character varying NOT NULL,
    said character varying NOT NULL,
    wanted character varying NOT NULL,
    kind character varying(24) NOT NULL,
    start integer NOT NULL,
    "end" integer NOT NULL,
    negated boolean NOT NULL,
    hedged boolean NOT NULL,
    confidence double precision NOT NULL,
    notice character varying(24) NOT NULL,
    notice_id bigint,
    reason character varying NOT NULL,
    outcome character varying(24) NOT NULL
);
CREATE SEQUENCE public.matches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.matches_id_seq OWNED BY public.matches.id;
CREATE TABLE public.members (
    id bigint NOT NULL,
    name character varying NOT NULL,
    retired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.members_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.members_id_seq OWNED BY public.members.id;
CREATE TABLE public.notices (
    id bigint NOT NULL,
    offender_id bigint NOT NULL,
    status character varying(24) NOT NULL,
    served_on date,
    expires_on date,
    served_by character varying NOT NULL,
    extends_id bigint,
    breach_call_id bigint,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.notices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.notices_id_seq OWNED BY public.notices.id;
CREATE TABLE public.offenders (
    id bigint NOT NULL,
    reference character varying NOT NULL,
    first_name character varying NOT NULL,
    last_name character varying NOT NULL,
    sex character varying,
    born_on date,
    ethnicity_code character varying,
    height_cm integer,
    build character varying NOT NULL,
    hair character varying NOT NULL,
    marks character varying NOT NULL,
    offences json NOT NULL,
    notes character varying NOT NULL,
    show_until date,
    delete_after date,
    retired_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.offenders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.offenders_id_seq OWNED BY public.offenders.id;
CREATE TABLE public.places (
    id bigint NOT NULL,
    name character varying NOT NULL,
    said_as json NOT NULL,
    misheard json NOT NULL,
    kind character varying NOT NULL,
    latitude double precision,
    longitude double precision,
    adjacent json NOT NULL,
    cameras json NOT NULL,
    open_from date,
    closed_on date,
    retired_at timestamp with time zone
);
CREATE SEQUENCE public.places_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.places_id_seq OWNED BY public.places.id;
CREATE TABLE public.receipts (
    id bigint NOT NULL,
    delivery_id bigint NOT NULL,
    kind character varying(24) NOT NULL,
    at timestamp with time zone NOT NULL,
    provider_id character varying,
    detail character varying NOT NULL
);
CREATE SEQUENCE public.receipts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.receipts_id_seq OWNED BY public.receipts.id;
CREATE TABLE public.sites (
    id bigint NOT NULL,
    member_id bigint NOT NULL,
    name character varying NOT NULL,
    latitude double precision,
    longitude double precision,
    hours character varying NOT NULL,
    radio_unit character varying
);
CREATE SEQUENCE public.sites_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sites_id_seq OWNED BY public.sites.id;
CREATE TABLE public.transcripts (
    transmission_id bigint NOT NULL,
    text character varying NOT NULL,
    search_text character varying NOT NULL,
    words json NOT NULL,
    hypotheses json NOT NULL,
    average_logprob double precision NOT NULL,
    no_speech double precision NOT NULL,
    engine character varying NOT NULL,
    took_s double precision NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.transmissions (
    id bigint NOT NULL,
    uid character varying NOT NULL,
    channel character varying NOT NULL,
    unit character varying,
    strength_dbm double precision,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    duration_s double precision NOT NULL,
    audio_path character varying NOT NULL,
    sha256 character varying NOT NULL,
    split boolean NOT NULL,
    source character varying NOT NULL,
    state character varying(24) NOT NULL,
    attempts integer NOT NULL,
    failed_reason character varying,
    recorded_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.transmissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.transmissions_id_seq OWNED BY public.transmissions.id;
ALTER TABLE ONLY public.alerts ALTER COLUMN id SET DEFAULT nextval('public.alerts_id_seq'::regclass);
ALTER TABLE ONLY public.aliases ALTER COLUMN id SET DEFAULT nextval('public.aliases_id_seq'::regclass);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
ALTER TABLE ONLY public.calls ALTER COLUMN id SET DEFAULT nextval('public.calls_id_seq'::regclass);
ALTER TABLE ONLY public.contacts ALTER COLUMN id SET DEFAULT nextval('public.contacts_id_seq'::regclass);
ALTER TABLE ONLY public.deliveries ALTER COLUMN id SET DEFAULT nextval('public.deliveries_id_seq'::regclass);
ALTER TABLE ONLY public.matches ALTER COLUMN id SET DEFAULT nextval('public.matches_id_seq'::regclass);
ALTER TABLE ONLY public.members ALTER COLUMN id SET DEFAULT nextval('public.members_id_seq'::regclass);
ALTER TABLE ONLY public.notices ALTER COLUMN id SET DEFAULT nextval('public.notices_id_seq'::regclass);
ALTER TABLE ONLY public.offenders ALTER COLUMN id SET DEFAULT nextval('public.offenders_id_seq'::regclass);
ALTER TABLE ONLY public.places ALTER COLUMN id SET DEFAULT nextval('public.places_id_seq'::regclass);
ALTER TABLE ONLY public.receipts ALTER COLUMN id SET DEFAULT nextval('public.receipts_id_seq'::regclass);
ALTER TABLE ONLY public.sites ALTER COLUMN id SET DEFAULT nextval('public.sites_id_seq'::regclass);
ALTER TABLE ONLY public.transmissions ALTER COLUMN id SET DEFAULT nextval('public.transmissions_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0002');
INSERT INTO public.alert_notices VALUES (1, 1);
INSERT INTO public.alert_offenders VALUES (1, 1, 0);
INSERT INTO public.alerts VALUES (1, 1, 1, 'sighting', 'normal', '2026-11-22 12:00:00+00', '2026-11-22 12:10:00+00', 'Superdrug', 'alert 1', NULL, NULL, NULL);
INSERT INTO public.aliases VALUES (1, 1, 0, 'Wink');
INSERT INTO public.aliases VALUES (2, 1, 1, 'Ack');
INSERT INTO public.audit VALUES (1, '2026-11-22 12:00:00+00', 'tests', 'added by import', 'offender DT-0142', '{"fields": []}');
INSERT INTO public.audit VALUES (2, '2026-11-22 12:00:00+00', 'tests', 'added by import', 'offender DT-0201', '{"fields": []}');
INSERT INTO public.audit VALUES (3, '2026-11-22 12:00:00+00', 'tests', 'imported register', 'register version 1', '{"added": 2, "changed": 0, "retired": 0, "refused": 0}');
INSERT INTO public.audit VALUES (4, '2026-11-22 12:00:00+00', 'tests', 'imported members', 'members', '{"added": 1, "changed": 0, "retired": 0}');
INSERT INTO public.audit VALUES (5, '2026-11-22 12:00:00+00', 'tests', 'imported places', 'places', '{"added": 1, "changed": 0, "retired": 0}');
INSERT INTO public.audit VALUES (6, '2026-11-22 12:00:00+00', 'gateway', 'decided', 'transmission 1', '{"decision": "alert", "reason": "said in full, notice in force", "alert": 1, "deliveries": 2, "named": ["DT-0142"], "for_review": []}');
INSERT INTO public.calls VALUES (1, 1, 'Wendell Ackerby is back', 'sighting', 'Superdrug', 'Control', NULL, NULL, NULL, NULL, '{}', 'normal', false, '{"mentions": [], "negations": [], "hedges": [], "reasons": ["opening names the caller"]}', 'alert', 'said in full, notice in force', 'sighting', '2026-11-22 12:00:00+00', '{"speech": 0.4}');
INSERT INTO public.contacts VALUES (1, 1, 1, 'Ada', '+447700900001', true, false, NULL, NULL, '2026-11-22 12:00:00+00');
INSERT INTO public.counters VALUES ('register_version', 1);
INSERT INTO public.counters VALUES ('members_version', 1);
INSERT INTO public.counters VALUES ('places_version', 1);
INSERT INTO public.counters VALUES ('alert_number', 1);
INSERT INTO public.deliveries VALUES (1, 1, NULL, 'radio_voice', 'town', 'All units, DT-0142, Superdrug', '1:radio_voice:town', 'pending', 2, '2026-11-22 12:00:00+00', '2026-11-22 12:10:00+00', NULL, 0, NULL, NULL, false, NULL, '', '2026-11-22 12:00:00+00');
INSERT INTO public.deliveries VALUES (2, 1, NULL, 'sms', '+447700900001', 'HC1 DT-0142 Superdrug', '1:sms:+447700900001', 'sent', 2, '2026-11-22 12:00:00+00', '2026-11-22 12:10:00+00', NULL, 1, NULL, NULL, false, 'SM1', '', '2026-11-22 12:00:00+00');
INSERT INTO public.matches VALUES (1, 1, 1, 'DT-0142', 'Wendell Ackerby', 'Wendell Ackerby', 'Wendell Ackerby', 'full', 0, 15, false, false, 0.94, 'active', 1, 'said in full', 'named');
INSERT INTO public.members VALUES (1, 'Superdrug', NULL, '2026-11-22 12:00:00+00');
INSERT INTO public.notices VALUES (1, 1, 'active', '2026-03-01', '2027-02-28', '', NULL, NULL, '2026-11-22 12:00:00+00');
INSERT INTO public.notices VALUES (2, 2, 'warning', '2026-05-01', '2027-04-30', '', NULL, NULL, '2026-11-22 12:00:00+00');
INSERT INTO public.offenders VALUES (1, 'DT-0142', 'Wendell', 'Ackerby', NULL, NULL, NULL, NULL, '', '', '', '[]', '', '2027-02-28', '2028-02-28', NULL, '2026-11-22 12:00:00+00', '2026-11-22 12:00:00+00');
INSERT INTO public.offenders VALUES (2, 'DT-0201', 'Perpetua', 'Quillfeather', NULL, NULL, NULL, NULL, '', '', '', '[]', '', '2027-04-30', '2028-04-29', NULL, '2026-11-22 12:00:00+00', '2026-11-22 12:00:00+00');
INSERT INTO public.places VALUES (1, 'Orchard Arcade', '["the arcade"]', '[]', 'precinct', NULL, NULL, '[]', '[]', NULL, NULL, NULL);
INSERT INTO public.receipts VALUES (1, 2, 'accepted', '2026-11-22 12:00:00+00', 'SM1', '');
INSERT INTO public.sites VALUES (1, 1, 'Superdrug', 51.44, 0.21, '', NULL);
INSERT INTO public.transcripts VALUES (1, 'Control from Superdrug, Wendell Ackerby is back', 'control from superdrug wendell ackerby is back', '[{"text": "Control", "start_s": 0.1, "end_s": 0.5, "probability": 0.93}]', '[{"text": "Control from Superdrug, Wendell Ackerby is back", "score": -0.31, "biased": false, "repeats": false, "varied": false}, {"text": "Control from Superdrug, Wendell Ackerley", "score": -0.52, "biased": true, "repeats": false, "varied": false}]', -0.31, 0.02, 'whisper tiny.en int8', 0.41, '2026-11-22 12:00:00+00');
INSERT INTO public.transmissions VALUES (1, 'a1', 'town', 'U7', -71.5, '2026-11-22 12:00:00+00', '2026-11-22 12:00:03+00', 3, '/audio/a1.wav', '5a', false, 'radio', 'decided', 0, NULL, '2026-11-22 12:00:00+00');
INSERT INTO public.transmissions VALUES (2, 'a2', 'town', 'U7', -71.5, '2026-11-22 12:00:00+00', '2026-11-22 12:00:03+00', 3, '/audio/a2.wav', '5a', false, 'radio', 'recorded', 0, NULL, '2026-11-22 12:00:00+00');
SELECT pg_catalog.setval('public.alerts_id_seq', 1, true);
SELECT pg_catalog.setval('public.aliases_id_seq', 2, true);
SELECT pg_catalog.setval('public.audit_id_seq', 6, true);
SELECT pg_catalog.setval('public.calls_id_seq', 1, true);
SELECT pg_catalog.setval('public.contacts_id_seq', 1, true);
SELECT pg_catalog.setval('public.deliveries_id_seq', 2, true);
SELECT pg_catalog.setval('public.matches_id_seq', 1, true);
SELECT pg_catalog.setval('public.members_id_seq', 1, true);
SELECT pg_catalog.setval('public.notices_id_seq', 2, true);
SELECT pg_catalog.setval('public.offenders_id_seq', 2, true);
SELECT pg_catalog.setval('public.places_id_seq', 1, true);
SELECT pg_catalog.setval('public.receipts_id_seq', 1, true);
SELECT pg_catalog.setval('public.sites_id_seq', 1, true);
SELECT pg_catalog.setval('public.transmissions_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alert_notices
    ADD CONSTRAINT pk_alert_notices PRIMARY KEY (alert_id, notice_id);
ALTER TABLE ONLY public.alert_offenders
    ADD CONSTRAINT pk_alert_offenders PRIMARY KEY (alert_id, offender_id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT pk_alerts PRIMARY KEY (id);
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT pk_aliases PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT pk_calls PRIMARY KEY (id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT pk_contacts PRIMARY KEY (id);
ALTER TABLE ONLY public.counters
    ADD CONSTRAINT pk_counters PRIMARY KEY (name);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT pk_deliveries PRIMARY KEY (id);
ALTER TABLE ONLY public.matches
    ADD CONSTRAINT pk_matches PRIMARY KEY (id);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (id);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT pk_notices PRIMARY KEY (id);
ALTER TABLE ONLY public.offenders
    ADD CONSTRAINT pk_offenders PRIMARY KEY (id);
ALTER TABLE ONLY public.places
    ADD CONSTRAINT pk_places PRIMARY KEY (id);
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT pk_receipts PRIMARY KEY (id);
ALTER TABLE ONLY public.sites
    ADD CONSTRAINT pk_sites PRIMARY KEY (id);
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT pk_transcripts PRIMARY KEY (transmission_id);
ALTER TABLE ONLY public.transmissions
    ADD CONSTRAINT pk_transmissions PRIMARY KEY (id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT uq_alerts_call_id UNIQUE (call_id);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT uq_alerts_number UNIQUE (number);
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT uq_calls_transmission_id UNIQUE (transmission_id);
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT uq_contacts_phone UNIQUE (phone);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT uq_deliveries_idempotency_key UNIQUE (idempotency_key);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT uq_members_name UNIQUE (name);
ALTER TABLE ONLY public.offenders
    ADD CONSTRAINT uq_offenders_reference UNIQUE (reference);
ALTER TABLE ONLY public.places
    ADD CONSTRAINT uq_places_name UNIQUE (name);
ALTER TABLE ONLY public.sites
    ADD CONSTRAINT uq_sites_member_id_name UNIQUE (member_id, name);
ALTER TABLE ONLY public.transmissions
    ADD CONSTRAINT uq_transmissions_uid UNIQUE (uid);
CREATE INDEX ix_alert_notices_notice_id ON public.alert_notices USING btree (notice_id);
CREATE INDEX ix_alert_offenders_offender_id ON public.alert_offenders USING btree (offender_id);
CREATE INDEX ix_alerts_created_at ON public.alerts USING btree (created_at);
CREATE INDEX ix_aliases_offender_id ON public.aliases USING btree (offender_id);
CREATE INDEX ix_audit_at ON public.audit USING btree (at);
CREATE INDEX ix_audit_subject_at ON public.audit USING btree (subject, at);
CREATE INDEX ix_calls_decision_decided_at ON public.calls USING btree (decision, decided_at);
CREATE INDEX ix_contacts_member_id ON public.contacts USING btree (member_id);
CREATE INDEX ix_deliveries_alert_id ON public.deliveries USING btree (alert_id);
CREATE INDEX ix_deliveries_state_turn_created_at ON public.deliveries USING btree (state, turn, created_at);
CREATE INDEX ix_matches_call_id ON public.matches USING btree (call_id);
CREATE INDEX ix_matches_offender_id ON public.matches USING btree (offender_id);
CREATE INDEX ix_matches_reference_call_id ON public.matches USING btree (reference, call_id);
CREATE INDEX ix_notices_offender_id_expires_on ON public.notices USING btree (offender_id, expires_on);
CREATE INDEX ix_receipts_delivery_id ON public.receipts USING btree (delivery_id);
CREATE INDEX ix_receipts_provider_id ON public.receipts USING btree (provider_id);
CREATE INDEX ix_transmissions_channel_started_at ON public.transmissions USING btree (channel, started_at);
CREATE INDEX ix_transmissions_started_at ON public.transmissions USING btree (started_at);
CREATE INDEX ix_transmissions_state_started_at ON public.transmissions USING btree (state, started_at);
CREATE INDEX search_transcripts ON public.transcripts USING gin (to_tsvector('simple'::regconfig, (search_text)::text));
ALTER TABLE ONLY public.alert_notices
    ADD CONSTRAINT fk_alert_notices_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.alert_notices
    ADD CONSTRAINT fk_alert_notices_notice_id FOREIGN KEY (notice_id) REFERENCES public.notices(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.alert_offenders
    ADD CONSTRAINT fk_alert_offenders_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.alert_offenders
    ADD CONSTRAINT fk_alert_offenders_offender_id FOREIGN KEY (offender_id) REFERENCES public.offenders(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_call_id FOREIGN KEY (call_id) REFERENCES public.calls(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_ended_by_id FOREIGN KEY (ended_by_id) REFERENCES public.alerts(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT fk_alerts_updates_id FOREIGN KEY (updates_id) REFERENCES public.alerts(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.aliases
    ADD CONSTRAINT fk_aliases_offender_id FOREIGN KEY (offender_id) REFERENCES public.offenders(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT fk_calls_place_id FOREIGN KEY (place_id) REFERENCES public.places(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.calls
    ADD CONSTRAINT fk_calls_transmission_id FOREIGN KEY (transmission_id) REFERENCES public.transmissions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_member_id FOREIGN KEY (member_id) REFERENCES public.members(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT fk_contacts_site_id FOREIGN KEY (site_id) REFERENCES public.sites(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT fk_deliveries_contact_id FOREIGN KEY (contact_id) REFERENCES public.contacts(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.matches
    ADD CONSTRAINT fk_matches_call_id FOREIGN KEY (call_id) REFERENCES public.calls(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.matches
    ADD CONSTRAINT fk_matches_notice_id FOREIGN KEY (notice_id) REFERENCES public.notices(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.matches
    ADD CONSTRAINT fk_matches_offender_id FOREIGN KEY (offender_id) REFERENCES public.offenders(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT fk_notices_breach_call_id FOREIGN KEY (breach_call_id) REFERENCES public.calls(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT fk_notices_extends_id FOREIGN KEY (extends_id) REFERENCES public.notices(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT fk_notices_offender_id FOREIGN KEY (offender_id) REFERENCES public.offenders(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT fk_receipts_delivery_id FOREIGN KEY (delivery_id) REFERENCES public.deliveries(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sites
    ADD CONSTRAINT fk_sites_member_id FOREIGN KEY (member_id) REFERENCES public.members(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.transcripts
    ADD CONSTRAINT fk_transcripts_transmission_id FOREIGN KEY (transmission_id) REFERENCES public.transmissions(id) ON DELETE CASCADE;
