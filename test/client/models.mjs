// The models of the client in TypeScript, read from its own declarations, and
// answers held to them: a property that is required must be there, and what is
// there must have the declared JSON type. Absent and null are the same where a
// property is optional.
import { readFileSync } from 'node:fs';

// The declarations by name: properties of an interface, values of an enumeration.
export function readModels(file) {
	const models = new Map();
	const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\n/gm, '');
	for (const [, name, body] of text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)) {
		const properties = [];
		for (const declaration of body.split(/\n(?=    [^\s}])|\n$/).filter(Boolean)) {
			const [, property, optional, type] = /^    '?([\w$]+)'?(\?)?: ([\s\S]*);$/.exec(declaration);
			properties.push({ name: property, required: !optional, type: type.replace(/\s+/g, ' ') });
		}
		models.set(name, properties);
	}
	for (const [, name, body] of text.matchAll(/^export declare const (\w+): \{\n([\s\S]*?)^\};/gm))
		models.set(name, [...body.matchAll(/['"]([^'"]*)['"];/g)].map(match => match[1]));
	return models;
}

// What is wrong with a value of a type; the list is empty if nothing is.
export function problems(models, type, value, path = type) {
	let match;
	if (type === 'any' || type === 'object')
		return [];
	if (['string', 'number', 'boolean'].includes(type))
		return typeof value === type ? [] : [`${path} is not a ${type}: ${JSON.stringify(value)}`];
	if ((match = /^Array<(.*)>$/.exec(type)))
		return Array.isArray(value) ? value.flatMap((element, i) => problems(models, match[1], element, `${path}[${i}]`))
			: [`${path} is not an array: ${JSON.stringify(value)}`];
	if (typeof value !== 'object' && !Array.isArray(models.get(type)))
		return [`${path} is not an object: ${JSON.stringify(value)}`];
	if ((match = /^\{ \[key: string\]: (.*?);? \}$/.exec(type)))
		return value === null || Array.isArray(value) ? [`${path} is not an object: ${JSON.stringify(value)}`]
			: Object.entries(value).flatMap(([key, member]) => problems(models, match[1], member, `${path}.${key}`));
	const model = models.get(type);
	if (model === undefined)
		throw new Error(`the client declares no ${type}`);
	if (typeof model[0] === 'string')
		return model.includes(value) ? [] : [`${path} is none of ${model}: ${JSON.stringify(value)}`];
	if (value === null || Array.isArray(value) || typeof value !== 'object')
		return [`${path} is not an object: ${JSON.stringify(value)}`];
	return model.flatMap(({ name, required, type: wanted }) => {
		const member = value[name];
		if (member === undefined || member === null)
			return required ? [`${path}.${name} is required: ${JSON.stringify(member)}`] : [];
		return problems(models, wanted, member, `${path}.${name}`);
	});
}
