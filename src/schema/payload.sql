-- What SDKs are sent of an environment: its version, and what deleted flags leave behind.

CREATE TABLE flagplane_data.environment_payload (
	account_id bigint NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	version bigint NOT NULL,
	stamp flagplane_data.payload_stamp NOT NULL,
	PRIMARY KEY (account_id, environment_id),
	CONSTRAINT payload_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
) WITH (fillfactor = 50);
COMMENT ON TABLE flagplane_data.environment_payload IS 'The version of what SDKs are sent of each environment. Apart from the environments, so that raising it is a small write.';
COMMENT ON COLUMN flagplane_data.environment_payload.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.environment_payload.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane_data.environment_payload.version IS 'Grows in each transaction that changes what SDKs see of the environment.';
COMMENT ON COLUMN flagplane_data.environment_payload.stamp IS '8 random bytes of each raise: a version that was rolled back, restored or lost in a failover is never taken for another with its number.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.environment_payload', '');

CREATE TABLE flagplane_data.payload_tombstone (
	account_id bigint NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	kind text COLLATE "C" NOT NULL CONSTRAINT payload_tombstone_kind CHECK (kind IN ('flag', 'segment')),
	key flagplane_data.key NOT NULL,
	version integer NOT NULL,
	PRIMARY KEY (account_id, environment_id, kind, key),
	CONSTRAINT payload_tombstone_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
);
COMMENT ON TABLE flagplane_data.payload_tombstone IS 'The last versions of flags and segments that have been deleted: one of the same key goes on from there.';
COMMENT ON COLUMN flagplane_data.payload_tombstone.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.payload_tombstone.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane_data.payload_tombstone.kind IS 'flag or segment.';
COMMENT ON COLUMN flagplane_data.payload_tombstone.key IS 'The key that it had.';
COMMENT ON COLUMN flagplane_data.payload_tombstone.version IS 'The version that it had in the environment.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.payload_tombstone', '');
