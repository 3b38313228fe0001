-- Segments: groups of contexts that rules name.

CREATE TABLE flagplane_data.segment (
	account_id bigint NOT NULL,
	environment_id flagplane_data.object_id NOT NULL,
	key flagplane_data.key NOT NULL,
	name flagplane_data.name NOT NULL,
	description text NOT NULL,
	tags flagplane_data.tag[] NOT NULL,
	included jsonb NOT NULL,
	excluded jsonb NOT NULL,
	included_contexts jsonb NOT NULL,
	excluded_contexts jsonb NOT NULL,
	rules jsonb NOT NULL,
	salt text NOT NULL,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	last_modified timestamptz NOT NULL,
	unbounded_context_kind text,
	PRIMARY KEY (account_id, environment_id, key),
	CONSTRAINT segment_environment FOREIGN KEY (account_id, environment_id)
		REFERENCES flagplane_data.environment ON DELETE CASCADE
);
COMMENT ON TABLE flagplane_data.segment IS 'Groups of contexts in an environment, which rules name.';
COMMENT ON COLUMN flagplane_data.segment.account_id IS 'The account that the row belongs to.';
COMMENT ON COLUMN flagplane_data.segment.environment_id IS 'The environment.';
COMMENT ON COLUMN flagplane_data.segment.key IS 'Unique in the environment.';
COMMENT ON COLUMN flagplane_data.segment.name IS 'A name for people.';
COMMENT ON COLUMN flagplane_data.segment.description IS 'For people; may be empty.';
COMMENT ON COLUMN flagplane_data.segment.tags IS 'In the order they were given in.';
COMMENT ON COLUMN flagplane_data.segment.included IS 'The keys of users that are in it whatever the rules say.';
COMMENT ON COLUMN flagplane_data.segment.excluded IS 'The keys of users that no rule brings in.';
COMMENT ON COLUMN flagplane_data.segment.included_contexts IS 'As included, of other kinds: the list of {contextKind, values}.';
COMMENT ON COLUMN flagplane_data.segment.excluded_contexts IS 'As excluded, of other kinds: the list of {contextKind, values}.';
COMMENT ON COLUMN flagplane_data.segment.rules IS 'Rules, of which one must match.';
COMMENT ON COLUMN flagplane_data.segment.salt IS 'What the shares of rules are hashed with.';
COMMENT ON COLUMN flagplane_data.segment.version IS 'Grows with each change, over deletion and creation too; the ETag of REST answers.';
COMMENT ON COLUMN flagplane_data.segment.created_at IS 'When it was made.';
COMMENT ON COLUMN flagplane_data.segment.last_modified IS 'When it was changed last.';
COMMENT ON COLUMN flagplane_data.segment.unbounded_context_kind IS 'What its creation named as such; a segment that is not unbounded is not evaluated by it.';
SELECT pg_catalog.pg_extension_config_dump('flagplane_data.segment', '');

CREATE FUNCTION flagplane.create_segment(
	project_key text,
	environment_key text,
	key text,
	name text,
	description text DEFAULT NULL,
	tags text[] DEFAULT NULL,
	unbounded boolean DEFAULT NULL,
	unbounded_context_kind text DEFAULT NULL,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_create_segment';
REVOKE ALL ON FUNCTION flagplane.create_segment(text, text, text, text, text, text[], boolean, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.create_segment(text, text, text, text, text, text[], boolean, text, uuid) IS
'Create a segment, with nobody in it.
key: 1 to 256 letters, digits, _, . and -. name: 1 to 256 characters. tags: 1 to 64 letters, digits, _, . and - each. unbounded: false, or left out; there are no other segments here. unbounded_context_kind: a kind of contexts or empty, kept and shown. Refuses: 22023, P0002, 23505.';

CREATE FUNCTION flagplane.get_segment(
	project_key text,
	environment_key text,
	segment_key text
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_get_segment';
REVOKE ALL ON FUNCTION flagplane.get_segment(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.get_segment(text, text, text) IS
'Get a segment.
Refuses: P0002.';

CREATE FUNCTION flagplane.list_segments(
	project_key text,
	environment_key text,
	"limit" integer DEFAULT 20,
	"offset" integer DEFAULT 0,
	filter text DEFAULT NULL,
	sort text DEFAULT NULL
)
RETURNS json LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'flagplane_list_segments';
REVOKE ALL ON FUNCTION flagplane.list_segments(text, text, integer, integer, text, text) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.list_segments(text, text, integer, integer, text, text) IS
'List an environment''s segments a page at a time, oldest first unless sorted.
filter: a comma list of query:text (in name or key), tags:a+b, keys:one|another. sort: a comma list of creationDate, lastModified, name, each with - before it for descending. Refuses: 22023, P0002.';

CREATE FUNCTION flagplane.update_segment(
	project_key text,
	environment_key text,
	segment_key text,
	patch jsonb,
	dry_run boolean DEFAULT false,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_update_segment';
REVOKE ALL ON FUNCTION flagplane.update_segment(text, text, text, jsonb, boolean, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.update_segment(text, text, text, jsonb, boolean, uuid) IS
'Change a segment by a patch of its document: a JSON Patch, a merge patch or instructions.
With dry_run it is answered what would come of the patch, and nothing is changed. Refuses: 22023, 55000, P0002.';

CREATE FUNCTION flagplane.delete_segment(
	project_key text,
	environment_key text,
	segment_key text,
	idempotency_key uuid DEFAULT NULL
)
RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'flagplane_delete_segment';
REVOKE ALL ON FUNCTION flagplane.delete_segment(text, text, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION flagplane.delete_segment(text, text, text, uuid) IS
'Delete a segment that no rule names.
Refuses: P0002, 55006 (a rule of a flag or of another segment names it).';
