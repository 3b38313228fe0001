// The life of everything, told by the client in TypeScript. Run by typescript.sh;
// the answers' types are those of the client's own declarations.
import { createRequire } from 'node:module';
import { problems, readModels } from './models.mjs';

const { ADMIN, SERVICE, READER, BASE, PACKAGE } = process.env;
const ld = createRequire(import.meta.url)(PACKAGE);
const models = readModels(`${PACKAGE}/dist/api.d.ts`);
let number = 0;
let failures = 0;

function check(what, found, wanted) {
	const good = JSON.stringify(found) === JSON.stringify(wanted);

	number++;
	console.log(`${good ? 'ok' : 'not ok'} ${number} - ${what}`);
	if (!good) {
		failures++;
		console.log(`# got      ${JSON.stringify(found)}\n# expected ${JSON.stringify(wanted)}`);
	}
}

// A call that succeeds with a status and an answer of a type (none: null); its data.
async function good(what, call, status, type) {
	let response;

	try {
		response = await call;
	} catch (error) {
		response = error.response ?? { status: String(error), data: null };
	}
	if (response.status !== status)
		check(what, [response.status, response.data], [status, type]);
	else
		check(what, type ? problems(models, type, response.data) : response.data, type ? [] : '');
	return response.data;
}

// A call that is refused: what a caller reads from the error.
async function bad(what, call, status, code) {
	try {
		const { status: accepted, data } = await call;

		check(what, [accepted, data], [status, code]);
	} catch (error) {
		const { data } = error.response ?? {};

		check(what, [error.response?.status ?? String(error), data?.code], [status, code]);
		check(`${what}, with an ErrorRep`, [typeof data?.message, data?.message?.length > 0], ['string', true]);
	}
}

function clientOf(apiKey) {
	const configuration = new ld.Configuration({ apiKey, basePath: BASE });
	const names = { projects: 'ProjectsApi', environments: 'EnvironmentsApi', flags: 'FeatureFlagsApi', layers: 'LayersApi',
		links: 'FlagLinksBetaApi', experiments: 'ExperimentsApi', audit: 'AuditLogApi', other: 'OtherApi' };

	return Object.fromEntries(Object.entries(names).map(([name, api]) => [name, new ld[api](configuration)]));
}

const beta = { headers: { 'LD-API-Version': 'beta' } };
const semantic = { headers: { 'Content-Type': 'application/json; domain-model=launchdarkly.semanticpatch' } };
const replace = (path, value) => ({ op: 'replace', path, value });
const { projects, environments, flags, layers, links, experiments, audit, other } = clientOf(ADMIN);

// --- The caller.
const identity = await good('the caller is told who it is', other.getCallerIdentity(), 200, 'CallerIdentityRep');
check('it is a token of a member', [identity.authKind, identity.tokenKind, identity.serviceToken, identity.memberId?.length],
	['token', 'personal', false, 24]);
const service = await good('so is a service', clientOf(SERVICE).other.getCallerIdentity(), 200, 'CallerIdentityRep');
check('that is nobody in person', [service.tokenKind, service.serviceToken, service.memberId ?? null], ['service', true, null]);

// --- Projects.
const made = await good('a project is made', projects.postProject({ name: 'Web', key: 'web' }), 201, 'ProjectRep');
check('it has two environments', made.environments.map(environment => [environment.key, environment.color, environment.critical]),
	[['production', '417505', true], ['test', 'F5A623', false]]);
const full = await good('a project is made of everything that can be given', projects.postProject({
	name: 'Mobile', key: 'mobile', includeInSnippetByDefault: true, tags: ['b', 'a'],
	defaultClientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
	namingConvention: { case: 'kebabCase', prefix: 'm-' },
	environments: [{ name: 'Staging', key: 'staging', color: '0000FF', defaultTtl: 5, secureMode: true, defaultTrackEvents: true,
		confirmChanges: true, requireComments: true, tags: ['x'], critical: true }],
}), 201, 'ProjectRep');
check('its environment is as it was given', [full.includeInSnippetByDefault, full.tags, full.environments.map(({ key, defaultTtl, tags }) => [key, defaultTtl, tags])],
	[true, ['a', 'b'], [['staging', 5, ['x']]]]);
const plain = await good('a project is got', projects.getProject('web'), 200, 'Project');
check('without environments', plain.environments, undefined);
const expanded = await good('a project is got, expanded', projects.getProject('web', 'environments'), 200, 'Project');
check('with its environments', [expanded.environments.totalCount, expanded.environments.items.length], [2, 2]);
const page = await good('projects are listed', projects.getProjects(2, 1, undefined, '-name', 'environments'), 200, 'Projects');
check('sorted, from the second on', [page.totalCount, page.items.map(({ key }) => key)], [3, ['mobile', 'default']]);
const found = await good('projects are filtered', projects.getProjects(undefined, undefined, 'query:mob,tags:a+b'), 200, 'Projects');
check('by text and tags', found.items.map(({ key }) => key), ['mobile']);
const byKeys = await good('projects are filtered by keys', projects.getProjects(undefined, undefined, 'keys:web|default', 'name'), 200, 'Projects');
check('both are there', byKeys.items.map(({ key }) => key), ['default', 'web']);
const renamed = await good('a project is changed', projects.patchProject('web',
	[replace('/name', 'Website'), { op: 'add', path: '/tags/0', value: 'z' }, { op: 'add', path: '/tags/-', value: 'c' }]), 200, 'ProjectRep');
check('its tags are in order', [renamed.name, renamed.tags], ['Website', ['c', 'z']]);
await bad('a project that exists', projects.postProject({ name: 'Web', key: 'web' }), 409, 'conflict');
await good('a project is deleted', projects.deleteProject('mobile'), 204, null);
await bad('and is gone', projects.getProject('mobile'), 404, 'not_found');

// --- Environments.
const environment = await good('an environment is made', environments.postEnvironment('web', { name: 'Staging', key: 'staging', color: 'DADBEE' }), 201, 'Environment');
await good('an environment is made of everything', environments.postEnvironment('web', { name: 'Copy', key: 'copy', color: 'ff00ff',
	defaultTtl: 60, secureMode: true, defaultTrackEvents: true, confirmChanges: true, requireComments: true, tags: ['t'],
	source: { key: 'staging', version: 1 }, critical: true }), 201, 'Environment');
const got = await good('it is got', environments.getEnvironment('web', 'staging'), 200, 'Environment');
check('as it was made', got, environment);
const listed = await good('environments are listed', environments.getEnvironmentsByProject('web', 2, 1, undefined, '-name'), 200, 'Environments');
check('a page of them', [listed.totalCount, listed.items.map(({ key }) => key), Object.keys(listed._links).sort()],
	[4, ['staging', 'production'], ['first', 'last', 'next', 'parent', 'prev', 'self'].filter(rel => rel in listed._links)]);
const filtered = await good('environments are filtered', environments.getEnvironmentsByProject('web', undefined, undefined, 'query:co,tags:t', 'critical,-createdOn'), 200, 'Environments');
check('by text and tag', filtered.items.map(({ key }) => key), ['copy']);
const changed = await good('an environment is changed', environments.patchEnvironment('web', 'staging', [replace('/name', 'Stage'), replace('/defaultTtl', 3),
	{ op: 'add', path: '/tags/0', value: 'first' }, replace('/approvalSettings/minNumApprovals', 2), replace('/approvalSettings/canReviewOwnRequest', true),
	replace('/approvalSettings/required', true)]), 200, 'Environment');
check('with its approval settings', [changed.name, changed.defaultTtl, changed.tags, changed.approvalSettings.minNumApprovals, changed.approvalSettings.required],
	['Stage', 3, ['first'], 2, true]);
const sdk = await good('it gets a new SDK key', environments.resetEnvironmentSDKKey('web', 'staging', Date.now() + 3600000), 200, 'Environment');
const now = await good('it gets one that replaces the other at once', environments.resetEnvironmentSDKKey('web', 'staging'), 200, 'Environment');
const mobile = await good('it gets a new mobile key', environments.resetEnvironmentMobileKey('web', 'staging'), 200, 'Environment');
check('all of them are new', [new Set([environment.apiKey, sdk.apiKey, now.apiKey]).size, mobile.mobileKey !== environment.mobileKey, mobile.apiKey === now.apiKey],
	[3, true, true]);
await bad('an environment that exists', environments.postEnvironment('web', { name: 'x', key: 'test', color: '000000' }), 409, 'conflict');
await bad('one that is not well described', environments.postEnvironment('web', { name: '', key: '?', color: 'red' }), 400, 'invalid_request');
await bad('a patch of what is not there', environments.patchEnvironment('web', 'staging', [{ op: 'remove', path: '/nowhere' }]), 400, 'invalid_patch');
await good('an environment is deleted', environments.deleteEnvironment('web', 'copy'), 204, null);
await bad('and is gone', environments.getEnvironment('web', 'copy'), 404, 'not_found');

// --- Flags: the sample of the client's README first.
const sample = { name: 'Test Flag Typescript', key: 'test-typescript', variations: [{ value: [1, 2] }, { value: [3, 4] }, { value: [5] }] };
await bad('a flag that is not there is deleted', flags.deleteFeatureFlag('web', sample.key), 404, 'not_found');
const multivariate = await good('a flag of lists is made', flags.postFeatureFlag('web', sample), 201, 'FeatureFlag');
check('with its values', [multivariate.kind, multivariate.variations.map(({ value }) => value)], ['multivariate', [[1, 2], [3, 4], [5]]]);
await good('it is deleted', flags.deleteFeatureFlag('web', sample.key), 204, null);
const flag = await good('a flag is made', flags.postFeatureFlag('web', { name: 'Button', key: 'button' }), 201, 'FeatureFlag');
check('it is boolean and off everywhere', [flag.kind, flag.variations.map(({ value }) => value), Object.values(flag.environments).map(({ on }) => on)],
	['boolean', [true, false], [false, false, false]]);
const rich = await good('a flag is made of everything', flags.postFeatureFlag('web', { name: 'Rich', key: 'rich', description: 'd', includeInSnippet: true,
	clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: false }, variations: [{ value: 'a', name: 'A', description: 'first' }, { value: 'b' }],
	temporary: false, tags: ['t'], customProperties: { jira: { name: 'Jira', value: ['ABC-1'] } }, defaults: { onVariation: 1, offVariation: 0 },
	maintainerId: identity.memberId, initialPrerequisites: [{ key: 'button', variationId: flag.variations[0]._id }] }), 201, 'FeatureFlag');
check('as it was given', [rich.temporary, rich.tags, rich.clientSideAvailability, rich.customProperties, rich.defaults, rich.maintainerId],
	[false, ['t'], { usingMobileKey: false, usingEnvironmentId: true }, { jira: { name: 'Jira', value: ['ABC-1'] } }, { onVariation: 1, offVariation: 0 }, identity.memberId]);
check('it needs the other', rich.environments?.test?.prerequisites, [{ key: 'button', variation: 0 }]);
await bad('a flag that another needs is not deleted', flags.deleteFeatureFlag('web', 'button'), 409, 'conflict');
const clone = await good('a flag is made like another', flags.postFeatureFlag('web', { name: 'Like', key: 'like' }, 'rich'), 201, 'FeatureFlag');
check('of its values', [clone.kind, clone.temporary, clone.tags, clone.variations?.map(({ value }) => value)], ['multivariate', false, ['t'], ['a', 'b']]);
await good('the rich one is deleted', flags.deleteFeatureFlag('web', 'rich'), 204, null);
await good('so is its like', flags.deleteFeatureFlag('web', 'like'), 204, null);
const inTest = await good('a flag is got in one environment', flags.getFeatureFlag('web', 'button', 'test'), 200, 'FeatureFlag');
check('in no other', Object.keys(inTest.environments), ['test']);
await bad('not in one that does not exist', flags.getFeatureFlag('web', 'button', 'nowhere'), 400, 'invalid_request');
const patched = await good('a flag is changed', flags.patchFeatureFlag('web', 'button', { comment: 'why', patch: [replace('/description', 'A button'),
	replace('/environments/test/on', true), { op: 'add', path: '/environments/test/rules/0', value: { variation: 1, clauses: [{ attribute: 'country', op: 'in', values: ['de'], contextKind: 'user', negate: false }], trackEvents: false } }] }), 200, 'FeatureFlag');
check('where it was to be', [patched.description, patched.environments.test.on, patched.environments.test.rules.length, patched.environments.production.on],
	['A button', true, 1, false]);
const instructed = await good('a flag follows instructions', flags.patchFeatureFlag('web', 'button',
	{ environmentKey: 'production', comment: 'go', instructions: [{ kind: 'turnFlagOn' }, { kind: 'addTags', values: ['shown'] }] }, undefined, semantic), 200, 'FeatureFlag');
check('in its environment', [instructed.environments.production.on, instructed._version > patched._version], [true, true]);
const some = await good('flags are listed', flags.getFeatureFlags('web', 'test', undefined, 10, 0, undefined, false, 'query:butt', '-name'), 200, 'FeatureFlags');
check('those that are meant', [some.totalCount, some.items.map(({ key }) => key)], [1, ['button']]);

// --- Flag links, with and without the header for what is beta.
const linkBody = { key: 'pull-1', integrationKey: 'github', timestamp: 1700000000000, deepLink: 'https://example.com/pull/1', title: 'Pull', description: 'One',
	metadata: { prNumber: '1', prTitle: 'Pull', state: 'open' } };
for (const [name, options] of [['', beta], [', plainly', undefined]]) {
	const link = await good(`a link is made${name}`, links.createFlagLink('web', 'button', linkBody, options), 201, 'FlagLinkRep');
	check(`as it was given${name}`, [link._key, link._integrationKey, link._timestamp.milliseconds, link._metadata.prNumber, link._member.firstName],
		['pull-1', 'github', 1700000000000, '1', 'Ada']);
	await bad(`a link that exists${name}`, links.createFlagLink('web', 'button', linkBody, options), 409, 'conflict');
	const all = await good(`links are listed${name}`, links.getFlagLinks('web', 'button', options), 200, 'FlagLinkCollectionRep');
	check(`it is the only one${name}`, all.items.map(({ _id }) => _id), [link._id]);
	const titled = await good(`a link is changed${name}`, links.updateFlagLink('web', 'button', link._id, [replace('/title', 'Merged')], options), 200, 'FlagLinkRep');
	check(`its title${name}`, titled.title, 'Merged');
	await good(`a link is deleted${name}`, links.deleteFlagLink('web', 'button', link._id, options), 204, null);
}
await good('a link is made of an address alone', links.createFlagLink('web', 'button', { deepLink: 'https://example.com/2' }), 201, 'FlagLinkRep');
await bad('a link of no flag', links.createFlagLink('web', 'none', { deepLink: 'https://example.com/2' }), 404, 'not_found');

// --- Experiments in a layer.
const experimentBody = { name: 'Colour', key: 'colour', description: 'Which colour', maintainerId: identity.memberId, iteration: {
	hypothesis: 'Red is better', canReshuffleTraffic: true, metrics: [{ key: 'clicks', isGroup: false, primary: true }], primarySingleMetricKey: 'clicks',
	treatments: [{ name: 'Red', baseline: true, allocationPercent: '50', parameters: [{ flagKey: 'button', variationId: flag.variations[0]._id }] },
		{ name: 'Blue', baseline: false, allocationPercent: '50', parameters: [{ flagKey: 'button', variationId: flag.variations[1]._id }] }],
	flags: { button: { ruleId: 'fallthrough', flagConfigVersion: 2 } }, randomizationUnit: 'user', attributes: ['country'] } };
const experiment = await good('an experiment is made', experiments.createExperiment('web', 'production', experimentBody), 201, 'Experiment');
check('about its flag', [experiment._maintainerId, experiment.currentIteration?.hypothesis, Object.keys(experiment.currentIteration?.flags ?? {}), experiment.currentIteration?.randomizationUnit],
	[identity.memberId, 'Red is better', ['button'], 'user']);
await good('an experiment is made by a service', clientOf(SERVICE).experiments.createExperiment('web', 'production', { name: 'Size', key: 'size', iteration: {
	hypothesis: 'Bigger', metrics: [], treatments: [], flags: {} } }), 201, 'Experiment');
await bad('an experiment that exists', experiments.createExperiment('web', 'production', experimentBody), 409, 'conflict');
await good('an experiment is got', experiments.getExperiment('web', 'production', 'colour', 'previousIterations,draftIteration'), 200, 'Experiment');
const running = await good('experiments are listed', experiments.getExperiments('web', 'production', 10, 0, undefined, 'draftIteration', 'active'), 200, 'ExperimentCollectionRep');
check('both', running.items.map(({ key }) => key), ['colour', 'size']);
const layer = await good('a layer is made', layers.createLayer('web', { key: 'checkout', name: 'Checkout', description: '' }), 201, 'LayerRep');
check('as it was given', [layer.key, layer.name, layer.description], ['checkout', 'Checkout', '']);
await bad('a layer that exists', layers.createLayer('web', { key: 'checkout', name: 'x', description: '' }), 409, 'conflict');
await good('another layer is made', layers.createLayer('web', { key: 'search', name: 'Search', description: 'd' }), 201, 'LayerRep');
const reserve = (experimentKey, reservationPercent) => ({ kind: 'updateExperimentReservation', experimentKey, reservationPercent });
const reserved = await good('a layer is changed', layers.updateLayer('web', 'checkout', { comment: 'room', environmentKey: 'production', instructions: [
	{ kind: 'updateName', name: 'Check out' }, { kind: 'updateDescription', description: 'All of it' }, reserve('colour', 25)] }), 200, 'LayerRep');
check('it has the reservation', [reserved.name, reserved.description, reserved.randomizationUnit, reserved.environments.production.reservations],
	['Check out', 'All of it', 'user', [{ experimentKey: 'colour', flagKey: 'button', reservationPercent: 25 }]]);
const two = await good('a layer is changed, by instructions so called', layers.updateLayer('web', 'checkout', { environmentKey: 'production', instructions: [reserve('size', 50)] }, semantic), 200, 'LayerRep');
check('it has both', two.environments.production.reservations.map(({ experimentKey, flagKey }) => [experimentKey, typeof flagKey]), [['colour', 'string'], ['size', 'string']]);
await bad('more than there is', layers.updateLayer('web', 'checkout', { environmentKey: 'production', instructions: [reserve('colour', 51)] }, semantic), 400, 'invalid_request');
const holding = await good('layers are found by their experiment', layers.getLayers('web', 'reservations.experimentKey contains colour'), 200, 'LayerCollectionRep');
check('the one that holds it', [holding.totalCount, holding.items.map(({ key }) => key)], [1, ['checkout']]);
const every = await good('layers are listed', layers.getLayers('web'), 200, 'LayerCollectionRep');
check('both', every.totalCount, 2);
const started = await good('an experiment starts', experiments.patchExperiment('web', 'production', 'colour', { comment: 'now', instructions: [{ kind: 'startIteration', changeJustification: 'ready' }] }, semantic), 200, 'Experiment');
check('it runs', started.currentIteration.status, 'running');
const stopped = await good('an experiment stops', experiments.patchExperiment('web', 'production', 'colour', { instructions: [{ kind: 'updateName', value: 'Colours' }, { kind: 'stopIteration', winningTreatmentId: 'x', winningReason: 'clear' }] }), 200, 'Experiment');
check('with what the layer was', [stopped.name, stopped.currentIteration.status, stopped.currentIteration.layerSnapshot],
	['Colours', 'stopped', { key: 'checkout', name: 'Check out', reservationPercent: 25, otherReservationPercent: 50 }]);
await good('an experiment is archived', experiments.patchExperiment('web', 'production', 'colour', { instructions: [{ kind: 'archiveExperiment' }] }), 200, 'Experiment');

// --- The audit log.
const log = await good('the log is read', audit.getAuditLogEntries(undefined, undefined, undefined, 20), 200, 'AuditLogEntryListingRepCollection');
check('newest first', [log.items.length, log.items[0].date >= log.items[19].date, log.items[0].accesses[0].resource], [20, true, 'proj/web:env/production:experiment/colour']);
await good('the log is searched', audit.getAuditLogEntries(Date.now() + 60000, Date.now() - 3600000, 'checkout', 5, 'proj/web:layer/*'), 200, 'AuditLogEntryListingRepCollection');
await good('an entry is got', audit.getAuditLogEntry(log.items[0]._id), 200, 'AuditLogEntryRep');
await bad('an entry that is none', audit.getAuditLogEntry('000000000000000000000000'), 404, 'not_found');

// --- Refusals.
await bad('no token that is one', clientOf('api-123').projects.getProjects(), 401, 'unauthorized');
await bad('no token at all', clientOf(undefined).projects.getProjects(), 401, 'unauthorized');
await bad('a right is missing', clientOf(READER).layers.createLayer('web', { key: 'k', name: 'n', description: '' }), 403, 'forbidden');
await bad('nothing of that name', layers.getLayers('nowhere'), 404, 'not_found');
await good('the project is deleted with all that is in it', projects.deleteProject('web'), 204, null);
await bad('the last project stays', projects.deleteProject('default'), 409, 'conflict');
console.log(`1..${number}`);
process.exit(failures ? 1 : 0);
