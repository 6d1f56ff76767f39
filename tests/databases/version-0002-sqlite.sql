BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE alert_notices (
	alert_id INTEGER NOT NULL, 
	notice_id INTEGER NOT NULL, 
	CONSTRAINT pk_alert_notices PRIMARY KEY (alert_id, notice_id), 
	CONSTRAINT fk_alert_notices_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alert_notices_notice_id FOREIGN KEY(notice_id) REFERENCES notices (id) ON DELETE CASCADE
);
INSERT INTO "alert_notices" VALUES(1,1);
CREATE TABLE alert_offenders (
	alert_id INTEGER NOT NULL, 
	offender_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_alert_offenders PRIMARY KEY (alert_id, offender_id), 
	CONSTRAINT fk_alert_offenders_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alert_offenders_offender_id FOREIGN KEY(offender_id) REFERENCES offenders (id) ON DELETE CASCADE
);
INSERT INTO "alert_offenders" VALUES(1,1,0);
CREATE TABLE alerts (
	id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	call_id INTEGER NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	priority VARCHAR(24) NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	place VARCHAR, 
	summary VARCHAR NOT NULL, 
	ended_at DATETIME, 
	ended_by_id INTEGER, 
	updates_id INTEGER, 
	CONSTRAINT pk_alerts PRIMARY KEY (id), 
	CONSTRAINT fk_alerts_call_id FOREIGN KEY(call_id) REFERENCES calls (id) ON DELETE CASCADE, 
	CONSTRAINT fk_alerts_ended_by_id FOREIGN KEY(ended_by_id) REFERENCES alerts (id) ON DELETE SET NULL, 
	CONSTRAINT fk_alerts_updates_id FOREIGN KEY(updates_id) REFERENCES alerts (id) ON DELETE SET NULL, 
	CONSTRAINT uq_alerts_call_id UNIQUE (call_id), 
	CONSTRAINT uq_alerts_number UNIQUE (number)
);
INSERT INTO "alerts" VALUES(1,1,1,'sighting','normal','2026-11-22 12:00:00.000000','2026-11-22 12:10:00.000000','Superdrug','alert 1',NULL,NULL,NULL);
CREATE TABLE aliases (
	id INTEGER NOT NULL, 
	offender_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	alias VARCHAR NOT NULL, 
	CONSTRAINT pk_aliases PRIMARY KEY (id), 
	CONSTRAINT fk_aliases_offender_id FOREIGN KEY(offender_id) REFERENCES offenders (id) ON DELETE CASCADE
);
INSERT INTO "aliases" VALUES(1,1,0,'Wink');
INSERT INTO "aliases" VALUES(2,1,1,'Ack');
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES(1,'2026-11-22 12:00:00.000000','tests','added by import','offender DT-0142','{"fields": []}');
INSERT INTO "audit" VALUES(2,'2026-11-22 12:00:00.000000','tests','added by import','offender DT-0201','{"fields": []}');
INSERT INTO "audit" VALUES(3,'2026-11-22 12:00:00.000000','tests','imported register','register version 1','{"added": 2, "changed": 0, "retired": 0, "refused": 0}');
INSERT INTO "audit" VALUES(4,'2026-11-22 12:00:00.000000','tests','imported members','members','{"added": 1, "changed": 0, "retired": 0}');
INSERT INTO "audit" VALUES(5,'2026-11-22 12:00:00.000000','tests','imported places','places','{"added": 1, "changed": 0, "retired": 0}');
INSERT INTO "audit" VALUES(6,'2026-11-22 12:00:00.000000','gateway','decided','transmission 1','{"decision": "alert", "reason": "said in full, notice in force", "alert": 1, "deliveries": 2, "named": ["DT-0142"], "for_review": []}');
CREATE TABLE calls (
	id INTEGER NOT NULL, 
	transmission_id INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	intent VARCHAR(24) NOT NULL, 
	caller VARCHAR, 
	called VARCHAR, 
	place_id INTEGER, 
	place VARCHAR, 
	place_said VARCHAR, 
	heading VARCHAR, 
	description JSON NOT NULL, 
	priority VARCHAR(24) NOT NULL, 
	read_back BOOLEAN NOT NULL, 
	reading JSON NOT NULL, 
	decision VARCHAR(24) NOT NULL, 
	decision_reason VARCHAR NOT NULL, 
	alert_kind VARCHAR(24), 
	decided_at DATETIME NOT NULL, 
	timings JSON NOT NULL, 
	CONSTRAINT pk_calls PRIMARY KEY (id), 
	CONSTRAINT fk_calls_place_id FOREIGN KEY(place_id) REFERENCES places (id) ON DELETE SET NULL, 
	CONSTRAINT fk_calls_transmission_id FOREIGN KEY(transmission_id) REFERENCES transmissions (id) ON DELETE CASCADE, 
	CONSTRAINT uq_calls_transmission_id UNIQUE (transmission_id)
);
INSERT INTO "calls" VALUES(1,1,'Wendell Ackerby is back','sighting','Superdrug','Control',NULL,NULL,NULL,NULL,'{}','normal',0,'{"mentions": [], "negations": [], "hedges": [], "reasons": ["opening names the caller"]}','alert','said in full, notice in force','sighting','2026-11-22 12:00:00.000000','{"speech": 0.4}');
CREATE TABLE contacts (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	site_id INTEGER, 
	name VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	wants_sms BOOLEAN NOT NULL, 
	opted_out BOOLEAN NOT NULL, 
	opted_out_at DATETIME, 
	retired_at DATETIME, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_contacts PRIMARY KEY (id), 
	CONSTRAINT fk_contacts_member_id FOREIGN KEY(member_id) REFERENCES members (id) ON DELETE CASCADE, 
	CONSTRAINT fk_contacts_site_id FOREIGN KEY(site_id) REFERENCES sites (id) ON DELETE SET NULL, 
	CONSTRAINT uq_contacts_phone UNIQUE (phone)
);
INSERT INTO "contacts" VALUES(1,1,1,'Ada','+447700900001',1,0,NULL,NULL,'2026-11-22 12:00:00.000000');
CREATE TABLE counters (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('alert_number',1);
INSERT INTO "counters" VALUES('register_version',1);
INSERT INTO "counters" VALUES('members_version',1);
INSERT INTO "counters" VALUES('places_version',1);
CREATE TABLE deliveries (
	id INTEGER NOT NULL, 
	alert_id INTEGER NOT NULL, 
	contact_id INTEGER, 
	channel VARCHAR(24) NOT NULL, 
	recipient VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	idempotency_key VARCHAR NOT NULL, 
	state VARCHAR(24) NOT NULL, 
	turn INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	not_before DATETIME, 
	attempts INTEGER NOT NULL, 
	owner VARCHAR, 
	leased_until DATETIME, 
	half_sent BOOLEAN NOT NULL, 
	provider_id VARCHAR, 
	detail VARCHAR NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_deliveries PRIMARY KEY (id), 
	CONSTRAINT fk_deliveries_alert_id FOREIGN KEY(alert_id) REFERENCES alerts (id) ON DELETE CASCADE, 
	CONSTRAINT fk_deliveries_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE SET NULL, 
	CONSTRAINT uq_deliveries_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "deliveries" VALUES(1,1,NULL,'radio_voice','town','All units, DT-0142, Superdrug','1:radio_voice:town','pending',2,'2026-11-22 12:00:00.000000','2026-11-22 12:10:00.000000',NULL,0,NULL,NULL,0,NULL,'','2026-11-22 12:00:00.000000');
INSERT INTO "deliveries" VALUES(2,1,NULL,'sms','+447700900001','HC1 DT-0142 Superdrug','1:sms:+447700900001','sent',2,'2026-11-22 12:00:00.000000','2026-11-22 12:10:00.000000',NULL,1,NULL,NULL,0,'SM1','','2026-11-22 12:00:00.000000');
CREATE TABLE matches (
	id INTEGER NOT NULL, 
	call_id INTEGER NOT NULL, 
	offender_id INTEGER, 
	reference VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	said VARCHAR NOT NULL, 
	wanted VARCHAR NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	negated BOOLEAN NOT NULL, 
	hedged BOOLEAN NOT NULL, 
	confidence DOUBLE NOT NULL, 
	notice VARCHAR(24) NOT NULL, 
	notice_id INTEGER, 
	reason VARCHAR NOT NULL, 
	outcome VARCHAR(24) NOT NULL, 
	CONSTRAINT pk_matches PRIMARY KEY (id), 
	CONSTRAINT fk_matches_call_id FOREIGN KEY(call_id) REFERENCES calls (id) ON DELETE CASCADE, 
	CONSTRAINT fk_matches_notice_id FOREIGN KEY(notice_id) REFERENCES notices (id) ON DELETE SET NULL, 
	CONSTRAINT fk_matches_offender_id FOREIGN KEY(offender_id) REFERENCES offenders (id) ON DELETE SET NULL
);
INSERT INTO "matches" VALUES(1,1,1,'DT-0142','Wendell Ackerby','Wendell Ackerby','Wendell Ackerby','full',0,15,0,0,0.94,'active',1,'said in full','named');
CREATE TABLE members (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	retired_at DATETIME, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (id), 
	CONSTRAINT uq_members_name UNIQUE (name)
);
INSERT INTO "members" VALUES(1,'Superdrug',NULL,'2026-11-22 12:00:00.000000');
CREATE TABLE notices (
	id INTEGER NOT NULL, 
	offender_id INTEGER NOT NULL, 
	status VARCHAR(24) NOT NULL, 
	served_on DATE, 
	expires_on DATE, 
	served_by VARCHAR NOT NULL, 
	extends_id INTEGER, 
	breach_call_id INTEGER, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY (id), 
	CONSTRAINT fk_notices_breach_call_id FOREIGN KEY(breach_call_id) REFERENCES calls (id) ON DELETE SET NULL, 
	CONSTRAINT fk_notices_extends_id FOREIGN KEY(extends_id) REFERENCES notices (id) ON DELETE SET NULL, 
	CONSTRAINT fk_notices_offender_id FOREIGN KEY(offender_id) REFERENCES offenders (id) ON DELETE CASCADE
);
INSERT INTO "notices" VALUES(1,1,'active','2026-03-01','2027-02-28','',NULL,NULL,'2026-11-22 12:00:00.000000');
INSERT INTO "notices" VALUES(2,2,'warning','2026-05-01','2027-04-30','',NULL,NULL,'2026-11-22 12:00:00.000000');
CREATE TABLE offenders (
	id INTEGER NOT NULL, 
	reference VARCHAR NOT NULL, 
	first_name VARCHAR NOT NULL, 
	last_name VARCHAR NOT NULL, 
	sex VARCHAR, 
	born_on DATE, 
	ethnicity_code VARCHAR, 
	height_cm INTEGER, 
	build VARCHAR NOT NULL, 
	hair VARCHAR NOT NULL, 
	marks VARCHAR NOT NULL, 
	offences JSON NOT NULL, 
	notes VARCHAR NOT NULL, 
	show_until DATE, 
	delete_after DATE, 
	retired_at DATETIME, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_offenders PRIMARY KEY (id), 
	CONSTRAINT uq_offenders_reference UNIQUE (reference)
);
INSERT INTO "offenders" VALUES(1,'DT-0142','Wendell','Ackerby',NULL,NULL,NULL,NULL,'','','','[]','','2027-02-28','2028-02-28',NULL,'2026-11-22 12:00:00.000000','2026-11-22 12:00:00.000000');
INSERT INTO "offenders" VALUES(2,'DT-0201','Perpetua','Quillfeather',NULL,NULL,NULL,NULL,'','','','[]','','2027-04-30','2028-04-29',NULL,'2026-11-22 12:00:00.000000','2026-11-22 12:00:00.000000');
CREATE TABLE places (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	said_as JSON NOT NULL, 
	misheard JSON NOT NULL, 
	kind VARCHAR NOT NULL, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	adjacent JSON NOT NULL, 
	cameras JSON NOT NULL, 
	open_from DATE, 
	closed_on DATE, 
	retired_at DATETIME, 
	CONSTRAINT pk_places PRIMARY KEY (id), 
	CONSTRAINT uq_places_name UNIQUE (name)
);
INSERT INTO "places" VALUES(1,'Orchard Arcade','["the arcade"]','[]','precinct',NULL,NULL,'[]','[]',NULL,NULL,NULL);
CREATE TABLE receipts (
	id INTEGER NOT NULL, 
	delivery_id INTEGER NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	at DATETIME NOT NULL, 
	provider_id VARCHAR, 
	detail VARCHAR NOT NULL, 
	CONSTRAINT pk_receipts PRIMARY KEY (id), 
	CONSTRAINT fk_receipts_delivery_id FOREIGN KEY(delivery_id) REFERENCES deliveries (id) ON DELETE CASCADE
);
INSERT INTO "receipts" VALUES(1,2,'accepted','2026-11-22 12:00:00.000000','SM1','');
CREATE VIRTUAL TABLE search_transcripts USING fts5(search_text, content='transcripts', content_rowid='transmission_id', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE sites (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	hours VARCHAR NOT NULL, 
	radio_unit VARCHAR, 
	CONSTRAINT pk_sites PRIMARY KEY (id), 
	CONSTRAINT fk_sites_member_id FOREIGN KEY(member_id) REFERENCES members (id) ON DELETE CASCADE, 
	CONSTRAINT uq_sites_member_id_name UNIQUE (member_id, name)
);
INSERT INTO "sites" VALUES(1,1,'Superdrug',51.44,0.21,'',NULL);
CREATE TABLE transcripts (
	transmission_id INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	search_text VARCHAR NOT NULL, 
	words JSON NOT NULL, 
	hypotheses JSON NOT NULL, 
	average_logprob DOUBLE NOT NULL, 
	no_speech DOUBLE NOT NULL, 
	engine VARCHAR NOT NULL, 
	took_s DOUBLE NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_transcripts PRIMARY KEY (transmission_id), 
	CONSTRAINT fk_transcripts_transmission_id FOREIGN KEY(transmission_id) REFERENCES transmissions (id) ON DELETE CASCADE
);
INSERT INTO "transcripts" VALUES(1,'Control from Superdrug, Wendell Ackerby is back','control from superdrug wendell ackerby is back','[{"text": "Control", "start_s": 0.1, "end_s": 0.5, "probability": 0.93}]','[{"text": "Control from Superdrug, Wendell Ackerby is back", "score": -0.31, "biased": false, "repeats": false, "varied": false}, {"text": "Control from Superdrug, Wendell Ackerley", "score": -0.52, "biased": true, "repeats": false, "varied": false}]',-0.31,0.02,'whisper tiny.en int8',0.41,'2026-11-22 12:00:00.000000');
CREATE TABLE transmissions (
	id INTEGER NOT NULL, 
	uid VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	unit VARCHAR, 
	strength_dbm DOUBLE, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME NOT NULL, 
	duration_s DOUBLE NOT NULL, 
	audio_path VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	split BOOLEAN NOT NULL, 
	source VARCHAR NOT NULL, 
	state VARCHAR(24) NOT NULL, 
	attempts INTEGER NOT NULL, 
	failed_reason VARCHAR, 
	recorded_at DATETIME NOT NULL, 
	CONSTRAINT pk_transmissions PRIMARY KEY (id), 
	CONSTRAINT uq_transmissions_uid UNIQUE (uid)
);
INSERT INTO "transmissions" VALUES(1,'a1','town','U7',-71.5,'2026-11-22 12:00:00.000000','2026-11-22 12:00:03.000000',3.0,'/audio/a1.wav','5a',0,'radio','decided',0,NULL,'2026-11-22 12:00:00.000000');
INSERT INTO "transmissions" VALUES(2,'a2','town','U7',-71.5,'2026-11-22 12:00:00.000000','2026-11-22 12:00:03.000000',3.0,'/audio/a2.wav','5a',0,'radio','recorded',0,NULL,'2026-11-22 12:00:00.000000');
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_subject_at ON audit (subject, at);
CREATE INDEX ix_transmissions_channel_started_at ON transmissions (channel, started_at);
CREATE INDEX ix_transmissions_started_at ON transmissions (started_at);
CREATE INDEX ix_transmissions_state_started_at ON transmissions (state, started_at);
CREATE INDEX ix_aliases_offender_id ON aliases (offender_id);
CREATE INDEX ix_calls_decision_decided_at ON calls (decision, decided_at);
CREATE INDEX ix_alerts_created_at ON alerts (created_at);
CREATE INDEX ix_contacts_member_id ON contacts (member_id);
CREATE INDEX ix_notices_offender_id_expires_on ON notices (offender_id, expires_on);
CREATE INDEX ix_alert_notices_notice_id ON alert_notices (notice_id);
CREATE INDEX ix_alert_offenders_offender_id ON alert_offenders (offender_id);
CREATE INDEX ix_deliveries_alert_id ON deliveries (alert_id);
CREATE INDEX ix_deliveries_state_turn_created_at ON deliveries (state, turn, created_at);
CREATE INDEX ix_matches_call_id ON matches (call_id);
CREATE INDEX ix_matches_offender_id ON matches (offender_id);
CREATE INDEX ix_matches_reference_call_id ON matches (reference, call_id);
CREATE INDEX ix_receipts_delivery_id ON receipts (delivery_id);
CREATE INDEX ix_receipts_provider_id ON receipts (provider_id);
CREATE TRIGGER search_transcripts_insert AFTER INSERT ON transcripts BEGIN INSERT INTO search_transcripts(rowid, search_text) VALUES (new.transmission_id, new.search_text); END;
CREATE TRIGGER search_transcripts_delete AFTER DELETE ON transcripts BEGIN INSERT INTO search_transcripts(search_transcripts, rowid, search_text) VALUES ('delete', old.transmission_id, old.search_text); END;
CREATE TRIGGER search_transcripts_update AFTER UPDATE OF search_text ON transcripts BEGIN INSERT INTO search_transcripts(search_transcripts, rowid, search_text) VALUES ('delete', old.transmission_id, old.search_text); INSERT INTO search_transcripts(rowid, search_text) VALUES (new.transmission_id, new.search_text); END;
INSERT INTO search_transcripts(search_transcripts) VALUES ('rebuild');
COMMIT;
