import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPrivacy, openKeyFile, parseNumber } from '@numlife/privacy';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { System } from '../system.js';
import { whenTrue } from '../faults/life.js';
import { type Form, formsOfKeys, formsOfNumbers, hitsIn } from './forms.js';

/*
 * Numbers and holder keys that stand nowhere else go through every path there is. Afterwards nothing of them is found: in the
 * log at its most talkative, in any answer, in the metrics, in names of streams, in all bytes of the hub's and the
 * connectors' files. What an app keeps of its own accounts is the app's.
 */
const hourMs = 3_600_000;
const beginning = '133987654';
const keyPart = 'CanaryHolder';
let serial = 0;
/** Another number for each path, and a holder of its own. */
const canary = (): string => `${beginning}${String((serial += 1)).padStart(2, '0')}`;
const holderKey = (): string => `hk1_${keyPart}-${String(serial).padStart(4, '0')}`;
const at = '2024-01-01T00:00:00+08:00';
const opened = (more: object = {}) => {
  const number = canary();
  return { reportId: `canary-${serial}`, kind: 'opened', number, effectiveAt: at, holder: holderKey(), ...more };
};
const iot = '1064098765432';

type Path = readonly [
  name: string,
  organisation: string | undefined,
  request: readonly [method: string, path: string, type?: string, body?: string],
  status: number,
  headers?: Readonly<Record<string, string>>,
];
const json = 'application/json';
const csv = 'text/csv';
const ndjson = 'application/x-ndjson';
const report = (...bodies: readonly unknown[]): Path[2] => [
  'POST',
  '/carrier/v1/reports',
  json,
  JSON.stringify(bodies),
];
const csvReport = (text: string): Path[2] => ['POST', '/carrier/v1/reports', csv, text];
const row = (more = ''): string => `canary-row-${(serial += 1)},opened,${canary()},${at},${holderKey()}${more}`;
const header = 'reportId,kind,number,effectiveAt,holder';
const ask = (path: string, body: object): Path[2] => ['POST', path, json, JSON.stringify(body)];
const since = '2024-06-01';

const paths = (): Path[] => [
  ['accepted as JSON', 'ct', report(opened(), opened({ number: `+86${canary()}` })), 202],
  ['accepted as NDJSON', 'ct', ['POST', '/carrier/v1/reports', ndjson, `${JSON.stringify(opened())}\n`], 202],
  ['accepted as CSV', 'ct', csvReport(`${header}\n${row()}\n${row()}\n`), 202],
  ['of another carrier', 'cm', report(opened()), 202],
  ['a transfer', 'ct', report({ ...opened({ kind: 'transferred' }), fromHolder: holderKey() }), 202],
  ['a replacement', 'ct', report({ ...opened(), kind: 'corrected', corrects: 'x', replacement: opened() }), 202],
  ['ahead of time', 'ct', report(opened({ effectiveAt: '2099-01-01T00:00:00Z' })), 202],
  ['of no service here', 'ct', report(opened({ number: iot }), opened({ number: `010${beginning}` })), 202],
  ['a number as text', 'ct', report(opened({ number: `tel:${canary()}` }), opened({ number: ` ${canary()} ` })), 202],
  ['a number as a number', 'ct', report(opened({ number: Number(canary()) })), 202],
  ['a number as a holder', 'ct', report(opened({ holder: canary() })), 202],
  ['a number as a time', 'ct', report(opened({ effectiveAt: canary() })), 202],
  ['a number as a kind', 'ct', report(opened({ kind: canary() })), 202],
  ['a number as a reason', 'ct', report({ ...opened(), kind: 'cancelled', reason: canary() }), 202],
  ['a number as a carrier', 'ct', report({ ...opened(), kind: 'ported', toCarrier: canary(), portOrderId: 'p' }), 202],
  ['a number as an unknown field', 'ct', report(opened({ [canary()]: holderKey() })), 202],
  ['a key as a report id', 'ct', report(opened({ reportId: `${holderKey()} ${canary()}` })), 202],
  ['cut off', 'ct', ['POST', '/carrier/v1/reports', ndjson, JSON.stringify(opened()).slice(0, -9)], 202],
  ['a broken quote', 'ct', csvReport(`${header}\n"${row()}\n`), 202],
  ['too many cells', 'ct', csvReport(`${header}\n${row(',more')}\n`), 202],
  ['no header row', 'ct', csvReport(`${row()}\n${row()}\n`), 400],
  ['a header of numbers', 'ct', csvReport(`${header},${canary()}\n${row(',1')}\n`), 400],
  ['no JSON', 'ct', ['POST', '/carrier/v1/reports', json, `[{"number":"${canary()}","holder":${holderKey()}}]`], 400],
  ['as another type', 'ct', ['POST', '/carrier/v1/reports', 'text/plain', canary()], 415],
  ['as a key of the upload', 'ct', report(opened()), 202, { 'idempotency-key': `${beginning}99` }],
  ['without a token', undefined, report(opened()), 401],
  ['as a token', undefined, report(opened()), 401, { authorization: `Bearer ${beginning}98` }],
  ['of an app', 'shop', report(opened()), 403],
  ['as a batch', 'ct', ['GET', `/carrier/v1/batches/${canary()}`], 404],
  ['as a cursor', 'ct', ['GET', `/carrier/v1/batches?after=${canary()}`], 400],
  ['as an outcome', 'ct', ['GET', `/carrier/v1/receipts?outcome=${canary()}`], 400],
  ['as a path', 'ct', ['GET', `/hub/v1/numbers/${canary()}?holder=${holderKey()}`], 404],
  ['as a method', 'ct', ['DELETE', `/carrier/v1/reports?number=${canary()}`], 404],

  ['recycled', 'shop', ask('/hub/v1/recycled', { number: canary(), since }), 200],
  ['recycled, no number', 'shop', ask('/hub/v1/recycled', { number: `x${canary()}`, since }), 400],
  ['recycled, no since', 'shop', ask('/hub/v1/recycled', { number: canary(), since: canary() }), 400],
  ['recycled, more fields', 'shop', ask('/hub/v1/recycled', { number: canary(), since, [canary()]: 1 }), 400],
  ['recycled, no JSON', 'shop', ['POST', '/hub/v1/recycled', json, `{"number":${canary()},`], 400],
  ['bulk', 'shop', ['POST', '/hub/v1/recycled/bulk', csv, `number,since\n${canary()},${since}\n${canary()},x\n`], 200],
  ['bulk, no header', 'shop', ['POST', '/hub/v1/recycled/bulk', csv, `${canary()},${since}\n`], 400],
  [
    'bulk as NDJSON',
    'shop',
    ['POST', '/hub/v1/recycled/bulk', ndjson, `{"number":"${canary()}","since":"${since}"}\n{"number":"${canary()}\n`],
    200,
  ],

  ['timeline', 'caict', ask('/hub/v1/timeline', { number: canary() }), 200],
  ['timeline of a number told', 'caict', ask('/hub/v1/timeline', { number: `${beginning}01` }), 200],
  ['timeline as a carrier', 'cm', ask('/hub/v1/timeline', { number: `${beginning}01` }), 403],
  ['timeline, as an id', 'caict', ask('/hub/v1/timeline', { numberId: canary() }), 400],
  ['timeline, as a time', 'caict', ask('/hub/v1/timeline', { number: canary(), asOf: canary() }), 400],
  ['findings', 'caict', ['GET', `/hub/v1/findings?code=${canary()}`], 200],
  ['findings, as a severity', 'caict', ['GET', `/hub/v1/findings?severity=${canary()}`], 400],
  ['a participant', 'caict', ask('/hub/v1/participants', { role: 'carrier', id: canary(), name: 'x' }), 400],
  ['a suspension', 'caict', ask(`/hub/v1/participants/${canary()}/suspend`, { reason: 'x' }), 404],
  ['parked', 'caict', ask(`/hub/v1/parked/${canary()}/redrive`, { reason: 'x' }), 404],
  ['a parked one to give up', 'caict', ask(`/hub/v1/parked/${canary()}/discard`, { reason: 'x' }), 404],
  [
    'segments',
    'caict',
    ['POST', '/hub/v1/segments', csv, `prefix,holder,use,assignedTo,validFrom\n${canary()},ct,public,,2024\n`],
    400,
  ],
  [
    'a token request',
    undefined,
    ['POST', '/auth/v1/token', 'application/x-www-form-urlencoded', `client_assertion=${canary()}`],
    400,
  ],

  [
    'a binding',
    'shop',
    [
      'PUT',
      '/connector/v1/bindings',
      json,
      JSON.stringify({ account: 'a1', number: `${beginning}01`, verifiedAt: '2023-01-01T00:00:00Z' }),
    ],
    200,
  ],
  [
    'a binding of a number never told',
    'shop',
    [
      'PUT',
      '/connector/v1/bindings',
      json,
      JSON.stringify({ account: 'a2', number: canary(), verifiedAt: '2023-01-01T00:00:00Z' }),
    ],
    200,
  ],
  [
    'bindings as CSV',
    'bank',
    [
      'PUT',
      '/connector/v1/bindings',
      csv,
      `account,number,verifiedAt\nb1,${canary()},2023-01-01T00:00:00Z\nb2,x${canary()},2023\n`,
    ],
    200,
  ],
  [
    'bindings as NDJSON',
    'bank',
    [
      'PUT',
      '/connector/v1/bindings',
      ndjson,
      `{"account":"b3","number":"${canary()}","verifiedAt":"${canary()}"}\n{"number":"${canary()}"`,
    ],
    200,
  ],
  ['bindings, no header', 'bank', ['PUT', '/connector/v1/bindings', csv, `b4,${canary()},2023-01-01T00:00:00Z\n`], 400],
  [
    'a binding with more fields',
    'shop',
    [
      'PUT',
      '/connector/v1/bindings',
      json,
      JSON.stringify({ account: 'a3', number: canary(), verifiedAt: at, [canary()]: holderKey() }),
    ],
    200,
  ],
  ['log-in', 'shop', ask('/connector/v1/login-check', { number: `${beginning}01`, verifiedAt: at }), 200],
  ['log-in, never told', 'shop', ask('/connector/v1/login-check', { number: canary(), verifiedAt: at }), 200],
  ['log-in, no number', 'shop', ask('/connector/v1/login-check', { number: `x${canary()}`, verifiedAt: at }), 400],
  ['log-in, no time', 'shop', ask('/connector/v1/login-check', { number: canary(), verifiedAt: canary() }), 400],
  ['a binding deleted', 'shop', ['DELETE', `/connector/v1/bindings/${canary()}`], 404],
];

describe('canary numbers and holder keys', () => {
  let system: System;
  const answers: { name: string; text: string }[] = [];
  const forms: Form[] = [
    ...formsOfNumbers(beginning, `${beginning}01`),
    ...formsOfKeys(keyPart, `hk1_${keyPart}-0001`),
    { name: 'an IoT number', bytes: Buffer.from(iot) },
  ];
  beforeAll(async () => {
    system = await System.start({ LOG_LEVEL: 'trace' });
    await system.whenAppsListen();
  }, hourMs);
  afterAll(() => system.stop());

  it(
    'go through every path',
    async () => {
      const statuses: string[] = [];
      for (const [name, organisation, [method, path, type, body], status, headers] of paths()) {
        const content = { ...(type && { type }), ...(body !== undefined && { body }), ...(headers && { headers }) };
        const answer = await system.call(organisation, method, path, content);
        answers.push({ name, text: `${answer.text}\n${[...answer.headers].join('\n')}` });
        if (answer.status !== status) statuses.push(`${name}: ${answer.status} instead of ${status}`);
      }
      expect(statuses).toEqual([]);
      await whenTrue('all is decided', async () => {
        const { body } = await system.get('caict', '/hub/v1/flow');
        return (body.consumers as { messages: string }[]).every(({ messages }) => messages === '0');
      });
      for (const carrier of ['ct', 'cm'])
        answers.push({
          name: `receipts of ${carrier}`,
          text: (await system.get(carrier, '/carrier/v1/receipts')).text,
        });
      for (const [who, path] of [
        ['ct', '/carrier/v1/findings'],
        ['ct', '/carrier/v1/batches'],
        ['caict', '/hub/v1/findings'],
        ['caict', '/hub/v1/parked'],
        ['caict', '/hub/v1/flow'],
        ['caict', '/hub/v1/participants'],
        ['shop', '/connector/v1/bindings'],
        ['shop', '/connector/v1/flow'],
        ['shop', '/connector/v1/parked'],
        ['caict', '/metrics'],
        ['caict', '/openapi.json'],
      ] as const)
        answers.push({ name: path, text: (await system.get(who, path)).text });
      const receipts = answers.find(({ name }) => name === 'receipts of ct')!;
      for (const outcome of ['recorded', 'rejected']) expect(receipts.text).toContain(`"outcome":"${outcome}"`);
    },
    hourMs,
  );

  it('are in no answer', () => {
    expect(answers.flatMap(({ name, text }) => hitsIn(name, Buffer.from(text), forms))).toEqual([]);
  });

  it('are in no log line and no output, and neither is a token of a number or of a caller', async () => {
    const parsed = parseNumber(`${beginning}01`);
    if (parsed.kind !== 'number') throw new Error('no number');
    const privacy = createPrivacy(openKeyFile(join(system.dataDir, 'keys.json')).keysForHub());
    const tokens = [
      privacy.token(parsed.number),
      ...(await Promise.all(['ct', 'shop', 'caict'].map((id) => system.token(id)))),
    ];
    const more = tokens.map((token, index) => ({ name: `token ${index}`, bytes: Buffer.from(token) }));
    expect(system.log).toContain('"msg":"starting"');
    const written = Buffer.from(system.log + system.output);
    expect(hitsIn('log', written, [...forms, ...more])).toEqual([]);
    const metrics = answers.find(({ name }) => name === '/metrics')!;
    expect(hitsIn('metrics', Buffer.from(metrics.text), more)).toEqual([]);
  });

  it(
    'are in no file of the hub and of the connectors: killed in the middle, started again, and stopped',
    async () => {
      await system.kill('SIGKILL');
      expect(await hitsInFiles(system.dataDir, forms)).toEqual([]);
      await system.run();
      await system.whenAppsListen();
      expect(await system.kill('SIGTERM')).toBe(0);
      expect(await hitsInFiles(system.dataDir, forms)).toEqual([]);
      expect(hitsIn('log', Buffer.from(system.log + system.output), forms)).toEqual([]);
    },
    hourMs,
  );

  it('are in no name of a stream', () => {
    const store = new BetterSqlite3(join(system.dataDir, 'store.db'), { readonly: true });
    const names = store.prepare('SELECT name FROM streams').pluck().all() as string[];
    store.close();
    const known =
      /^(number-n_[a-z2-7]{26}|intake-[\w.-]{1,64}-\d+|complete-[a-z]\w*|participant-[a-z]+-[a-z]\w*|segments|operations)$/;
    expect(names.filter((name) => !known.test(name))).toEqual([]);
    expect(names.filter((name) => name.startsWith('number-')).length).toBeGreaterThan(5);
    expect(names.flatMap((name) => hitsIn(name, Buffer.from(name), forms))).toEqual([]);
  });

  it('would be found', () => {
    const digits = `${beginning}01`;
    const written = [digits, `+86${digits}`, Buffer.from(`+86${digits}`).toString('base64'), `x${digits}`];
    for (const text of [...written, Buffer.from(`{"number":"${digits}"}`).toString('base64url')])
      expect(hitsIn('here', Buffer.from(text), forms)).not.toEqual([]);
    const db = new BetterSqlite3(':memory:');
    db.exec(`CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (${digits}), (86${digits})`);
    expect(hitsIn('here', db.serialize(), forms)).toHaveLength(2);
    db.close();
  });
});

/** All bytes of every file of the data folder but for what the sample apps keep of their own. */
async function hitsInFiles(dataDir: string, forms: readonly Form[]): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const hits: string[] = [];
  const searched: string[] = [];
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || file.startsWith(join(dataDir, 'apps'))) continue;
    searched.push(entry.name);
    hits.push(...hitsIn(file.slice(dataDir.length + 1), await readFile(file), forms));
  }
  for (const name of ['store.db', 'transport.db', 'views.db', 'followers.db', 'uploads.db', 'connector-shop.db'])
    expect(searched).toContain(name);
  return hits;
}
