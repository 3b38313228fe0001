-- What lives in layers: experiments and the segments they have reserved.

CREATE TABLE flagplane_data.experiment (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	key flagplane_data.key NOT NULL,
	name flagplane_data.name NOT NULL,
	description text NOT NULL,
	hypothesis text,
	iteration jsonb,
	winning_treatment_id text,
	winning_reason text,
	flag_id uuid,
	randomization_unit flagplane_data.key NOT NULL,
	status text COLLATE "C" NOT NULL
		CONSTRAINT experiment_status CHECK (status IN ('not_started', 'running', 'stopped')),
	layer_snapshot jsonb,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	started_at timestamptz,
	stopped_at timestamptz,
	archived_at timestamptz,
	maintainer_id flagplane_data.object_id,
	rule_id text COLLATE "C",
	seed flagplane_data.seed,
	PRIMARY KEY (account_id, id),
	CONSTRAINT experiment_key_unique UNIQUE (account_id, environment_id, key),
	CONSTRAINT experiment_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE,
	CONSTRAINT experiment_flag FOREIGN KEY (account_id, flag_id)
		REFERENCES flagplane_data.flag ON DELETE CASCADE,
	CONSTRAINT experiment_maintainer FOREIGN KEY (account_id, maintainer_id)
		REFERENCES flagplane_data.member
);
CREATE INDEX experiment_of_flag ON flagplane_data.experiment (account_id, flag_id);
-- One running experiment a rule, whoever writes it; and the way to those that run in an environment.
CREATE UNIQUE INDEX experiment_running ON flagplane_data.experiment (account_id, environment_id, flag_id, coalesce(rule_id, 'fallthrough'))
	WHERE status = 'running';
COMMENT ON TABLE flagplane_data.experiment IS 'Experiments, as far as layers need them.';
COMMENT ON COLUMN flagplane_data.experiment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.experiment.id IS '24 hexadecimal digits; _id in responses.';
COMMENT ON COLUMN flagplane_data.experiment.environment_id IS 'The environment that it runs in.';
COMMENT ON COLUMN flagplane_data.experiment.key IS 'Unique in the environment.';
COMMENT ON COLUMN flagplane_data.experiment.name IS 'The display name.';
COMMENT ON COLUMN flagplane_data.experiment.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane_data.experiment.hypothesis IS 'Of its iteration; NULL: none was given, and the description stands for it.';
COMMENT ON COLUMN flagplane_data.experiment.iteration IS 'The iteration that the request for the experiment described; NULL: none.';
COMMENT ON COLUMN flagplane_data.experiment.winning_treatment_id IS 'Given when the experiment was stopped; NULL: not given.';
COMMENT ON COLUMN flagplane_data.experiment.winning_reason IS 'Given when the experiment was stopped; NULL: not given.';
COMMENT ON COLUMN flagplane_data.experiment.flag_id IS 'The flag whose variations are compared; NULL: none was named, or it has been deleted.';
COMMENT ON COLUMN flagplane_data.experiment.randomization_unit IS 'The context kind that is assigned: user, or another one.';
COMMENT ON COLUMN flagplane_data.experiment.status IS 'not_started, running or stopped.';
COMMENT ON COLUMN flagplane_data.experiment.layer_snapshot IS 'The layer and the shares in it at the moment the experiment stopped.';
COMMENT ON COLUMN flagplane_data.experiment.version IS 'Increases with each change; the ETag of REST responses.';
COMMENT ON COLUMN flagplane_data.experiment.created_at IS 'When it was created.';
COMMENT ON COLUMN flagplane_data.experiment.started_at IS 'When it started; NULL: not yet.';
COMMENT ON COLUMN flagplane_data.experiment.stopped_at IS 'When it stopped; NULL: not yet.';
COMMENT ON COLUMN flagplane_data.experiment.archived_at IS 'When it was archived; NULL: it is not.';
COMMENT ON COLUMN flagplane_data.experiment.maintainer_id IS 'The member named for it; otherwise who created it, if a member''s token did.';
COMMENT ON COLUMN flagplane_data.experiment.rule_id IS 'The _id of the rule of the flag that it runs on; NULL: the fallthrough.';
COMMENT ON COLUMN flagplane_data.experiment.seed IS 'The seed of buckets, if it runs outside of layers; drawn when it starts, and NULL otherwise.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.experiment', '');

CREATE TABLE flagplane_data.layer_reservation (
	account_id bigint NOT NULL,
	id flagplane_data.object_id NOT NULL,
	layer_id flagplane_data.object_id NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	experiment_id flagplane_data.object_id,
	segments int4multirange NOT NULL
		CONSTRAINT reservation_segments_range CHECK (segments <@ '[0,1000)'::pg_catalog.int4range),
	created_at timestamptz NOT NULL,
	released_at timestamptz,
	PRIMARY KEY (account_id, id),
	CONSTRAINT reservation_has_owner CHECK (experiment_id IS NOT NULL OR released_at IS NOT NULL),
	CONSTRAINT reservation_exclusive EXCLUDE USING gist (account_id WITH =, layer_id WITH =,
		environment_id WITH =, segments WITH &&) WHERE (released_at IS NULL),
	CONSTRAINT reservation_layer FOREIGN KEY (account_id, layer_id)
		REFERENCES flagplane_data.layer ON DELETE CASCADE,
	CONSTRAINT reservation_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE,
	CONSTRAINT reservation_experiment FOREIGN KEY (account_id, experiment_id)
		REFERENCES flagplane_data.experiment ON DELETE CASCADE
);
CREATE UNIQUE INDEX reservation_of_experiment
	ON flagplane_data.layer_reservation (account_id, experiment_id) WHERE released_at IS NULL;
CREATE INDEX reservation_history
	ON flagplane_data.layer_reservation (account_id, experiment_id);
CREATE INDEX reservation_of_layer
	ON flagplane_data.layer_reservation (account_id, layer_id, environment_id, released_at, id);
CREATE INDEX reservation_of_environment
	ON flagplane_data.layer_reservation (account_id, environment_id);
COMMENT ON TABLE flagplane_data.layer_reservation IS 'Who owns which of the thousand segments of a layer in an environment; no two live ones share a segment.';
COMMENT ON COLUMN flagplane_data.layer_reservation.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.layer_reservation.id IS '24 hexadecimal digits.';
COMMENT ON COLUMN flagplane_data.layer_reservation.layer_id IS 'The layer.';
COMMENT ON COLUMN flagplane_data.layer_reservation.environment_id IS 'The environment; each has a thousand segments of its own.';
COMMENT ON COLUMN flagplane_data.layer_reservation.experiment_id IS 'The experiment; NULL in the history of one that has been deleted.';
COMMENT ON COLUMN flagplane_data.layer_reservation.segments IS 'What is or, once released, was owned; empty for 0 percent.';
COMMENT ON COLUMN flagplane_data.layer_reservation.created_at IS 'When the experiment came into the layer.';
COMMENT ON COLUMN flagplane_data.layer_reservation.released_at IS 'NULL while it is live. Released rows are the history that new draws look at.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.layer_reservation', '');

CREATE TABLE flagplane_data.experiment_treatment (
	account_id bigint NOT NULL,
	experiment_id flagplane_data.object_id NOT NULL,
	number integer NOT NULL,
	layer_id flagplane_data.object_id NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	segments int4multirange NOT NULL
		CONSTRAINT treatment_segments_range CHECK (segments <@ '[0,1000)'::pg_catalog.int4range),
	PRIMARY KEY (account_id, experiment_id, number),
	CONSTRAINT treatment_exclusive EXCLUDE USING gist (account_id WITH =, layer_id WITH =,
		environment_id WITH =, segments WITH &&),
	CONSTRAINT treatment_experiment FOREIGN KEY (account_id, experiment_id)
		REFERENCES flagplane_data.experiment ON DELETE CASCADE,
	CONSTRAINT treatment_layer FOREIGN KEY (account_id, layer_id)
		REFERENCES flagplane_data.layer ON DELETE CASCADE,
	CONSTRAINT treatment_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
);
CREATE INDEX treatment_of_layer ON flagplane_data.experiment_treatment (account_id, layer_id);
CREATE INDEX treatment_of_environment ON flagplane_data.experiment_treatment (account_id, environment_id);
COMMENT ON TABLE flagplane_data.experiment_treatment IS 'Which segments of a layer carry which treatment of a running experiment; no two treatments share a segment.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.experiment_id IS 'The experiment.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.number IS 'Which of the treatments of its iteration, from 0.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.layer_id IS 'The layer.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane_data.experiment_treatment.segments IS 'Those that carry it. What the experiment has reserved beyond them is outside of it.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.experiment_treatment', '');
