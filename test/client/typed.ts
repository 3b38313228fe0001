// The life of a flag, a layer and an experiment by a client whose types are generated
// of the OpenAPI document. Run by typed.sh, which compiles it with tsc --strict.
import createClient from 'openapi-fetch';
import type { components, paths } from './flagplane.js';

declare const process: { argv: string[]; env: Record<string, string>; exit(status: number): never };

type Schemas = components['schemas'];

let number = Number(process.argv[2]);
let failures = 0;

function check(what: string, found: unknown, wanted: unknown): void {
	const good = JSON.stringify(found) === JSON.stringify(wanted);

	number++;
	console.log(`${good ? 'ok' : 'not ok'} ${number} - ${what}`);
	if (!good) {
		failures++;
		console.log(`# got      ${JSON.stringify(found)}\n# expected ${JSON.stringify(wanted)}`);
	}
}

const { GET, POST, PATCH } = createClient<paths>({ baseUrl: process.env.BASE!, headers: { Authorization: process.env.TOKEN! } });
const path = { projectKey: 'acme', environmentKey: 'test', featureFlagKey: 'button', layerKey: 'checkout', experimentKey: 'larger' };

// --- Make: what has a default, or is made by the service, is not required.
const project = await POST('/api/v2/projects', { body: { key: 'acme', name: 'Acme' } });
check('a project is made', [project.response.status, project.data?.key], [201, 'acme']);
const environment = await POST('/api/v2/projects/{projectKey}/environments', { params: { path }, body: { key: 'staging', name: 'Staging', color: 'DADBEE' } });
check('an environment is made', [environment.response.status, environment.data?.defaultTtl], [201, 0]);
const made = await POST('/api/v2/flags/{projectKey}', { params: { path }, body: { key: 'button', name: 'Button', variations: [{ value: 'small' }, { value: 'large', name: 'Large' }] } });
check('a flag is made', [made.response.status, made.data?.variations.map(({ value }) => value)], [201, ['small', 'large']]);

// --- Turn on: instructions are one of their kinds.
const on = await PATCH('/api/v2/flags/{projectKey}/{featureFlagKey}', { params: { path },
	body: { environmentKey: 'test', comment: 'go', instructions: [{ kind: 'turnFlagOn' }, { kind: 'addTags', values: ['checkout'] }] } });
check('it is turned on', [on.response.status, on.data?.environments['test']?.on, on.data?.tags], [200, true, ['checkout']]);
// @ts-expect-error no flag's instruction is of this kind
const nonsense: Schemas['FlagSemanticPatch'] = { instructions: [{ kind: 'frobnicate' }] };
const refused = await PATCH('/api/v2/flags/{projectKey}/{featureFlagKey}', { params: { path }, body: nonsense });
check('another kind does not compile, and is refused', [refused.response.status, refused.error?.code], [400, 'invalid_request']);
const incomplete: Schemas['UpdateLayer']['instructions'] = [
	// @ts-expect-error a reservation is of how much
	{ kind: 'updateExperimentReservation', experimentKey: 'larger' }];
check('nor does one with a member missing', incomplete.length, 1);

// --- Rules, targets and rollouts, in a merge patch and in its answer.
const rule: Schemas['NewRule'] = { clauses: [{ attribute: 'country', op: 'in', values: ['de', 'at'], negate: false }], trackEvents: false,
	rollout: { variations: [{ variation: 0, weight: 90000 }, { variation: 1, weight: 10000 }] } };
const ruled = await PATCH('/api/v2/flags/{projectKey}/{featureFlagKey}', { params: { path },
	body: { environments: { test: { rules: [rule], targets: [{ values: ['ada'], variation: 1 }], fallthrough: { variation: 1 } } } } });
const settings: Schemas['FlagConfiguration'] | undefined = ruled.data?.environments['test'];
check('it gets a rule and a target', [ruled.response.status, settings?.rules?.[0]?.clauses[0]?.op,
	settings?.rules?.[0]?.rollout?.variations[1]?.weight, settings?.targets?.[0]?.values],
	[200, 'in', 10000, ['ada']]);
// @ts-expect-error no clause compares so
const odd: Schemas['NewClause'] = { attribute: 'country', op: 'resembles', values: [] };
check('a clause that compares otherwise does not compile', odd.op, 'resembles');

// --- Reserve.
const layer = await POST('/api/v2/projects/{projectKey}/layers', { params: { path }, body: { key: 'checkout', name: 'Checkout', description: '' } });
check('a layer is made', [layer.response.status, layer.data?.environments], [201, {}]);
const experiment = await POST('/api/v2/projects/{projectKey}/environments/{environmentKey}/experiments', { params: { path },
	body: { key: 'larger', name: 'Larger', iteration: { hypothesis: 'Larger sells more', randomizationUnit: 'user', flags: { button: { ruleId: 'fallthrough' } },
		treatments: (made.data?.variations ?? []).map(({ _id }, i) => ({ name: `T${i}`, baseline: i === 0, allocationPercent: '50', parameters: [{ flagKey: 'button', variationId: _id }] })) } } });
check('an experiment is made', [experiment.response.status, experiment.data?.currentIteration.status], [201, 'not_started']);
const reserved = await PATCH('/api/v2/projects/{projectKey}/layers/{layerKey}', { params: { path, header: { 'Idempotency-Key': '2f0e1c88-4b1d-4ac1-bc0a-5e9f6d8a7b10' } },
	body: { environmentKey: 'test', instructions: [{ kind: 'updateExperimentReservation', experimentKey: 'larger', reservationPercent: 25 }] } });
check('traffic is reserved', [reserved.response.status, reserved.data?.environments['test']?.reservations[0]?.reservationPercent], [200, 25]);
const started = await PATCH('/api/v2/projects/{projectKey}/environments/{environmentKey}/experiments/{experimentKey}', { params: { path },
	body: { instructions: [{ kind: 'startIteration', changeJustification: 'ready' }] } });
check('the experiment starts', [started.response.status, started.data?.currentIteration.status], [200, 'running']);

// --- List: a parameter with a default may be left out.
const environments = await GET('/api/v2/projects/{projectKey}/environments', { params: { path, query: { sort: '-name' } } });
check('environments are listed', environments.data?.items.map(({ key }) => key), ['test', 'staging', 'production']);
const flags = await GET('/api/v2/flags/{projectKey}', { params: { path } });
check('flags are listed', [flags.data?.totalCount, flags.data?.items.map(({ key, kind }) => [key, kind])], [1, [['button', 'multivariate']]]);
const layers = await GET('/api/v2/projects/{projectKey}/layers', { params: { path } });
check('layers are listed', layers.data?.items.map(({ key }) => key), ['checkout']);
const missing = await GET('/api/v2/flags/{projectKey}/{featureFlagKey}', { params: { path: { ...path, featureFlagKey: 'none' } } });
check('what is not there has a typed refusal', [missing.response.status, missing.error?.code, typeof missing.error?.message], [404, 'not_found', 'string']);

console.log(`1..${number}`);
if (failures > 0)
	process.exit(1);
