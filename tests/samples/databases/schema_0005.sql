-- A database as faxbot 0.1.0 left it (schema 0005): every state of every kind of row, faxes mid-flight.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0005');
CREATE TABLE announcements (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	channel_id VARCHAR NOT NULL, 
	parent_id INTEGER, 
	fax_id INTEGER, 
	record_id INTEGER, 
	user_id VARCHAR, 
	response_url VARCHAR, 
	body JSON NOT NULL, 
	terminal BOOLEAN NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	batch VARCHAR NOT NULL, 
	ts VARCHAR, 
	file_id VARCHAR, 
	stage VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	shown INTEGER NOT NULL, 
	looks INTEGER NOT NULL, 
	due_at FLOAT NOT NULL, 
	created_at FLOAT NOT NULL, 
	sent_at FLOAT, reference VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(fax_id) REFERENCES faxes (id), 
	FOREIGN KEY(parent_id) REFERENCES announcements (id), 
	FOREIGN KEY(record_id) REFERENCES records (id), 
	UNIQUE ("key")
);
INSERT INTO "announcements" VALUES(1,'9aaba4ab83737aae4f193647','card','CCLAIMS',NULL,2,NULL,NULL,NULL,'{}',0,'sent','','1795881600.000100',NULL,'',1,1,0,0.0,1795881600.0,1795881601.0,'ref0');
INSERT INTO "announcements" VALUES(2,'08d3e2c8901359bf4751f8af','reply','CCLAIMS',1,2,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(3,'4db6e4b52f17005f1144be64','card','CCLAIMS',NULL,3,NULL,NULL,NULL,'{}',0,'sending','4db6e4b52f17005f1144be64',NULL,NULL,'',1,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(4,'48bb9f8e37328ba9c451aee6','reply','CCLAIMS',3,3,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'dropped','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(5,'dec89b8319466a31870d2342','card','CCLAIMS',NULL,4,NULL,NULL,NULL,'{}',0,'waiting','',NULL,NULL,'',1,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(6,'b0cc339cb9cac2147baa897b','reply','CCLAIMS',5,4,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(7,'fd1f9ea03efa8249b7769034','card','CCLAIMS',NULL,5,NULL,NULL,NULL,'{}',0,'waiting','',NULL,NULL,'',1,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(8,'e309c4f02a660dbac94c3f7a','reply','CCLAIMS',7,5,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(9,'b34a4b386cb39a28dffc5cc4','card','CCLAIMS',NULL,6,NULL,NULL,NULL,'{}',0,'waiting','',NULL,NULL,'',1,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(10,'200c0b9609afde0061f86e6e','reply','CCLAIMS',9,6,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(11,'b0c2539dd6ffb44cd69180a0','card','CCLAIMS',NULL,7,NULL,NULL,NULL,'{}',1,'waiting','',NULL,NULL,'',1,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(12,'1ca18c6ece620a2b4d24111f','reply','CCLAIMS',11,7,NULL,NULL,NULL,'{"kind": "queued", "at": "2026-11-28T16:00:00Z", "job": null, "by": null, "text": ""}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(13,'80fa00e13be74c360af9a998','file','CINBOUND',NULL,NULL,2,NULL,NULL,'{}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'');
INSERT INTO "announcements" VALUES(14,'8bb1909694e4ea058009a3a0','details','CINBOUND',13,NULL,2,NULL,NULL,'{}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'');
INSERT INTO "announcements" VALUES(15,'c621019c6b9aabda1992e677','notice','CINBOUND',NULL,NULL,NULL,NULL,NULL,'{"message": "ServerAway", "facts": {"since": "2026-11-28T16:00:00Z", "locked_out": false}}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'');
INSERT INTO "announcements" VALUES(16,'51ecc4fbc299d5fd030a99a9','notice','CINBOUND',NULL,NULL,NULL,NULL,NULL,'{"message": "ServerBack", "facts": {"since": "2026-11-28T16:00:00Z", "until": "2026-11-28T16:00:00Z", "went_out": 2, "locked_out": false}}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'');
INSERT INTO "announcements" VALUES(17,'9ef0f200189528a57c28b73f','whisper','CCLAIMS',NULL,NULL,NULL,'UDANA','https://hooks.example/r','{"message": "AskNumber", "facts": {"files": [{"id": "F1", "name": "x.pdf"}], "reason": "", "number": "", "line_id": ""}, "thread_ts": null}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
INSERT INTO "announcements" VALUES(18,'20a76760d8ed94fbfa268df0','whisper','CCLAIMS',NULL,NULL,NULL,'UDANA','https://hooks.example/r','{"message": "Faxing", "facts": {"name": "referral.pdf", "pages": 2, "number": "+1 469-555-0101", "line_name": "Sales", "files": []}, "thread_ts": null}',0,'waiting','',NULL,NULL,'',0,0,0,0.0,1795881600.0,NULL,'ref0');
CREATE TABLE faxes (
	id INTEGER NOT NULL, 
	request_id INTEGER, 
	state VARCHAR(20), 
	outcome VARCHAR(20), 
	user_id VARCHAR, 
	channel_id VARCHAR, 
	number VARCHAR NOT NULL, 
	dial VARCHAR NOT NULL, 
	line_id VARCHAR NOT NULL, 
	line_name VARCHAR NOT NULL, 
	files JSON NOT NULL, 
	path VARCHAR, 
	name VARCHAR NOT NULL, 
	content_type VARCHAR NOT NULL, 
	pages INTEGER, 
	sha256 VARCHAR NOT NULL, 
	intent_at FLOAT, 
	known_jobs JSON NOT NULL, 
	known_record INTEGER NOT NULL, 
	looks INTEGER NOT NULL, 
	look_at FLOAT, 
	candidates JSON NOT NULL, 
	fault VARCHAR NOT NULL, 
	job_id VARCHAR, 
	job JSON, 
	answered_by VARCHAR NOT NULL, 
	accepted_at FLOAT, 
	heard_at FLOAT, 
	missing_looks INTEGER NOT NULL, 
	slow_told BOOLEAN NOT NULL, 
	cancel_by VARCHAR, 
	cancel_request INTEGER NOT NULL, 
	decided_by VARCHAR, 
	deleted_by VARCHAR, 
	created_at FLOAT NOT NULL, 
	ended_at FLOAT, reference VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(request_id) REFERENCES requests (id), 
	UNIQUE (request_id)
);
INSERT INTO "faxes" VALUES(1,NULL,'fetching',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[]',NULL,'','',NULL,'',NULL,'[]',0,0,NULL,'[]','',NULL,'null','',NULL,NULL,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(2,NULL,'ready',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',NULL,'[]',0,0,NULL,'[]','',NULL,'null','',NULL,NULL,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(3,NULL,'handing',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',1795881600.0,'["TX1"]',1,0,NULL,'[]','',NULL,'null','',NULL,NULL,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(4,NULL,'unknown',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',1795881600.0,'["TX1"]',0,1,1795881620.0,'[]','',NULL,'null','',NULL,NULL,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(5,NULL,'asked',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',1795881600.0,'["TX1"]',0,1,1795881620.0,'["TX7"]','',NULL,'null','',NULL,NULL,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(6,1,'accepted',NULL,'UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',NULL,'[]',0,0,NULL,'[]','','TX86','{"job_id": "TX86", "state": "Sleeping", "state_text": "", "destination": "14695550101", "sent_pages": 1, "total_pages": 2, "dials": 3, "max_dials": 12, "attempts": 1, "max_attempts": 3, "next_try": "2026-11-28T16:05:00Z", "duration": null, "status_text": "Busy signal detected", "modem": "ttyIAX1", "time": "2026-11-28T16:00:00Z"}','',1795881600.0,1795881603.25,0,0,NULL,0,NULL,NULL,1795881600.0,NULL,'ref0');
INSERT INTO "faxes" VALUES(7,NULL,'ended','delivered','UDANA','CCLAIMS','+1 469-555-0101','14695550101','1','Sales','[{"id": "F1", "name": "referral.pdf"}]','/var/lib/faxbot/spool/out/1/fax.pdf','referral.pdf','application/pdf',2,'abababababababababababababababababababababababababababababababab',NULL,'[]',0,0,NULL,'[]','','TX87','{"job_id": "TX87", "state": "Done", "state_text": "", "destination": "14695550101", "sent_pages": 1, "total_pages": 2, "dials": 3, "max_dials": 12, "attempts": 1, "max_attempts": 3, "next_try": "2026-11-28T16:05:00Z", "duration": null, "status_text": "Busy signal detected", "modem": "ttyIAX1", "time": "2026-11-28T16:00:00Z"}','MERCY CLINIC',1795881600.0,1795881603.25,0,0,NULL,0,NULL,NULL,1795881600.0,1795881690.0,'ref0');
CREATE TABLE memory (
	name VARCHAR NOT NULL, 
	value JSON, 
	PRIMARY KEY (name)
);
INSERT INTO "memory" VALUES('lines','[{"line_id": "1", "name": "Sales", "extension": "", "number": "+1 469-555-1111", "caller_name": ""}]');
INSERT INTO "memory" VALUES('server_away','null');
INSERT INTO "memory" VALUES('feed_RX','{"newest_last": true}');
INSERT INTO "memory" VALUES('feed_TX','{"newest_last": true}');
CREATE TABLE modems (
	modem VARCHAR NOT NULL, 
	line_id VARCHAR NOT NULL, 
	PRIMARY KEY (modem)
);
INSERT INTO "modems" VALUES('ttyIAX1','1');
CREATE TABLE records (
	id INTEGER NOT NULL, 
	direction VARCHAR NOT NULL, 
	job_id VARCHAR NOT NULL, 
	time FLOAT NOT NULL, 
	record JSON NOT NULL, 
	state VARCHAR(20), 
	line_id VARCHAR NOT NULL, 
	line_name VARCHAR NOT NULL, 
	path VARCHAR, 
	pages INTEGER, 
	tries INTEGER NOT NULL, 
	gone BOOLEAN NOT NULL, 
	deleted_by VARCHAR, 
	seen_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (job_id, time)
);
INSERT INTO "records" VALUES(1,'RX','RX1',1795881660.0,'{"job_id": "RX1", "time": "2026-11-28T16:01:00Z", "number": "2142454571", "caller_name": "JONES & CO", "station_id": "JONES", "state": "Done", "state_text": "", "sent_pages": 3, "total_pages": 3, "attempts": 1, "duration": 60, "status_text": "", "requestor": "", "modem": "ttyIAX2"}','seen','','',NULL,NULL,0,0,NULL,1795881600.0);
INSERT INTO "records" VALUES(2,'RX','RX2',1795881720.0,'{"job_id": "RX2", "time": "2026-11-28T16:02:00Z", "number": "2142454571", "caller_name": "JONES & CO", "station_id": "JONES", "state": "Done", "state_text": "", "sent_pages": 3, "total_pages": 3, "attempts": 1, "duration": 60, "status_text": "", "requestor": "", "modem": "ttyIAX2"}','spooled','','','/var/lib/faxbot/spool/in/2.pdf',3,0,0,NULL,1795881600.0);
INSERT INTO "records" VALUES(3,'RX','RX3',1795881780.0,'{"job_id": "RX3", "time": "2026-11-28T16:03:00Z", "number": "2142454571", "caller_name": "JONES & CO", "station_id": "JONES", "state": "Done", "state_text": "", "sent_pages": 3, "total_pages": 3, "attempts": 1, "duration": 60, "status_text": "", "requestor": "", "modem": "ttyIAX2"}','history','','',NULL,NULL,0,0,NULL,1795881600.0);
INSERT INTO "records" VALUES(4,'TX','TX87',1795881600.0,'{"job_id": "TX87", "time": "2026-11-28T16:00:00Z", "number": "14695550101", "caller_name": "", "station_id": "MERCY CLINIC", "state": "Done", "state_text": "", "sent_pages": 0, "total_pages": null, "attempts": null, "duration": null, "status_text": "", "requestor": "", "modem": "ttyIAX1"}','history','','',NULL,NULL,0,0,NULL,1795881600.0);
CREATE TABLE requests (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	user_id VARCHAR NOT NULL, 
	channel_id VARCHAR NOT NULL, 
	thread_ts VARCHAR, 
	response_url VARCHAR, 
	body JSON NOT NULL, 
	done BOOLEAN NOT NULL, 
	created_at FLOAT NOT NULL, forget_at FLOAT, reference VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
INSERT INTO "requests" VALUES(1,'Ev0','send','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"number": "469 555 0101", "line": "Sales", "files": null, "recent": true, "trigger_id": "t.1"}',0,1795881600.0,NULL,'ref0');
INSERT INTO "requests" VALUES(2,'Ev1','share','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"ts": "1795881600.000100", "text": "469 555 0101", "files": [{"id": "F1", "name": "referral.pdf"}], "dm": true}',1,1795881601.0,1796486400.0,'ref1');
INSERT INTO "requests" VALUES(3,'Ev2','shared_file','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"file_id": "F1"}',0,1795881602.0,NULL,'ref2');
INSERT INTO "requests" VALUES(4,'Ev3','cancel','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"fax_id": 6}',0,1795881603.0,NULL,'ref3');
INSERT INTO "requests" VALUES(5,'Ev4','delete','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"job_id": "RX3", "time": 1795881600, "asked": true}',0,1795881604.0,NULL,'ref4');
INSERT INTO "requests" VALUES(6,'Ev5','get','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"record_id": 2, "thread_ts": null}',0,1795881605.0,NULL,'ref5');
INSERT INTO "requests" VALUES(7,'Ev6','answer','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"fax_id": 5, "answer": "went"}',0,1795881606.0,NULL,'ref6');
INSERT INTO "requests" VALUES(8,'Ev7','subscribe','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"direction": "RX", "job_id": null, "line": "Sales"}',0,1795881607.0,NULL,'ref7');
INSERT INTO "requests" VALUES(9,'Ev8','unsubscribe','UDANA','CCLAIMS',NULL,'https://hooks.example/r','{"direction": null, "job_id": null, "line": null}',0,1795881608.0,NULL,'ref8');
CREATE TABLE subscriptions (
	id INTEGER NOT NULL, 
	channel_id VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	line_id VARCHAR NOT NULL, 
	fax_id INTEGER NOT NULL, 
	created_by VARCHAR NOT NULL, 
	created_at FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (channel_id, direction, line_id, fax_id)
);
INSERT INTO "subscriptions" VALUES(1,'CLEGAL','RX','2',0,'UPRIYA',1795881600.0);
INSERT INTO "subscriptions" VALUES(2,'CLEGAL','TX','',6,'UPRIYA',1795881600.0);
CREATE INDEX ix_records_state ON records (state);
CREATE INDEX ix_requests_done ON requests (done);
CREATE INDEX ix_faxes_job_id ON faxes (job_id);
CREATE INDEX ix_faxes_state ON faxes (state);
CREATE INDEX ix_announcements_fax_id ON announcements (fax_id);
CREATE INDEX ix_announcements_record_id ON announcements (record_id);
CREATE INDEX ix_announcements_untold ON announcements (state, channel_id);
CREATE INDEX ix_announcements_outdated ON announcements (channel_id) WHERE revision > shown;
CREATE INDEX ix_requests_forget_at ON requests (forget_at);
CREATE INDEX ix_faxes_documents ON faxes (ended_at) WHERE path IS NOT NULL;
CREATE INDEX ix_announcements_parent_id ON announcements (parent_id);
CREATE INDEX ix_announcements_passing ON announcements (kind, record_id, created_at);
CREATE INDEX ix_faxes_look_at ON faxes (look_at) WHERE look_at IS NOT NULL;
COMMIT;
