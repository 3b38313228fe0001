// serve.mjs DIRECTORY: a service on a free port, which it prints, that sends SDKs what make.sql has written there. The SDK
// key "e<n>" is that of environment n, counted from 0, and so is the client-side id.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const lines = (name) => readFileSync(`${process.argv[2]}/${name}`, 'utf8').split('\n').filter((line) => line);
const payloads = lines('payloads.jsonl');
// The text of the member "flags" as it came, since that is what is tested.
const evaluated = lines('evaluated.jsonl').map((line) => line.slice(line.indexOf('"flags" : ') + '"flags" : '.length, line.indexOf(', "answers" : ')));

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  const browser = /^\/sdk\/evalx\/e(\d+)\/contexts\//.exec(path);
  const key = /^e(\d+)$/.exec(request.headers.authorization ?? '');
  const body = browser ? evaluated[browser[1]] : path === '/sdk/latest-all' && key ? payloads[key[1]] : undefined;
  response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
  response.end(body ?? '{}');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
