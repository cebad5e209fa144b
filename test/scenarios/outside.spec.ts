import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { effectiveAtOf, inShanghai } from '../model/facts.js';
import { recycled } from '../model/recycled.js';
import { type Derived, derive, deriveAt, shownTimeline } from '../model/timeline.js';
import { System } from '../system.js';
import { written } from './outside/cast.js';
import { type Lived, type Row } from './outside/lived.js';
import { World } from './outside/load.js';

const soak = process.env['NUMLIFE_SOAK'] !== undefined;
const seed = Number(process.env['NUMLIFE_SEED'] ?? 3);
const count = soak ? 500 : 80;
if (soak) jest.setTimeout(600_000);

/** `knownUpTo` as it is answered. */
const shownUpTo = (upTo: string | null): string | null => (upTo === null ? null : inShanghai(Date.parse(upTo)));
/** In no order, and of each the fields in no order. */
const asSet = (values: readonly object[]): string[] => values.map((value) => JSON.stringify(sorted(value))).sort();

describe(`generated histories from outside (seed ${seed}, ${count} numbers)`, () => {
  let system: System;
  let world: World;
  beforeAll(async () => {
    system = await System.start();
    world = await World.load(system, seed, count);
  }, 600_000);
  afterAll(() => system.stop());

  const everyLife = async (check: (life: Lived, place: number) => Promise<void>): Promise<void> => {
    for (const [place, life] of world.lives.entries()) await check(life, place);
  };

  interface Ask {
    readonly asOf?: string;
    readonly effectiveAt?: string;
  }

  /** The answer in the model's words beside what the model says. */
  const compareTimeline = async (
    life: Lived,
    ask: Ask,
    { derived, version }: { derived: Derived; version: number },
  ) => {
    const { status, body } = await system.post('caict', '/hub/v1/timeline', { number: life.cast.number, ...ask });
    const expected = shownTimeline(derived);
    const upTo = world.knownUpTo(expected.servingCarrier, ask.asOf && new Date(ask.asOf).toISOString());
    const { numberId, generations, findings, ...rest } = body;
    life.numberId ||= numberId as string;
    // Of the findings and the version at an instant nothing is said.
    const silent = ask.effectiveAt === undefined ? {} : { findings: undefined, version: undefined };
    const inWords = { generations: life.inModelWords(generations, expected.generations), findings: asSet(findings) };
    expect({ ask, answered: status, numberId, ...rest, ...inWords, ...silent }).toEqual({
      ask,
      answered: 200,
      numberId: expect.stringMatching(/^n_[a-z2-7]{26}$/),
      ...expected,
      version,
      knownUpTo: shownUpTo(upTo),
      findings: asSet(expected.findings),
      ...silent,
    });
    expect(numberId).toBe(life.numberId);
  };

  it('gives every line one receipt, with the outcome, code, version and findings of the rules', () => {
    expect(world.answered).toEqual(world.expected);
    expect(world.answered.length).toBeGreaterThan(count);
  });

  it('shows the timeline of the rules', async () => {
    await everyLife((life) =>
      compareTimeline(life, {}, { derived: life.reference.derived, version: life.reference.version }),
    );
    const ids = world.lives.map(({ numberId }) => numberId);
    expect(new Set(ids).size).toBe(ids.length);
    const references = world.lives.flatMap((life) => life.references);
    expect(new Set(references).size).toBe(references.length);
  });

  it('shows the timeline as of every time something was recorded, and just before', async () => {
    await everyLife(async (life, place) => {
      const times = [...new Set(life.steps.map(({ at }) => at))].filter(
        (_, index) => soak || (index + place) % 3 === 0,
      );
      for (const at of times) {
        for (const ms of [0, -1]) {
          const then = new Date(Date.parse(at) + ms).toISOString();
          const { facts, version } = life.factsAsOf(then);
          await compareTimeline(life, { asOf: written(then, place) }, { derived: derive(facts), version });
        }
      }
    });
  });

  it('shows the state at instants, and as known then of one', async () => {
    await everyLife(async (life, place) => {
      const moments = life.cast.reports.flatMap(({ said }) => effectiveAtOf(said) ?? []);
      for (const [index, moment] of [...new Set(moments)].entries()) {
        if (!soak && (index + place) % 3 !== 0) continue;
        const effectiveAt = new Date(Date.parse(moment) - (index % 2)).toISOString();
        const now = life.reference.facts;
        const version = life.reference.version;
        await compareTimeline(life, { effectiveAt }, { derived: deriveAt(now, effectiveAt), version });
        const asOf = life.steps[Math.trunc(life.steps.length / 2)]!.at;
        const { facts } = life.factsAsOf(asOf);
        await compareTimeline(life, { asOf, effectiveAt }, { derived: deriveAt(facts, effectiveAt), version });
      }
    });
  });

  it('answers the same to regulator, by number id, and to the serving carrier; to no other carrier', async () => {
    await everyLife(async (life) => {
      const { number, reports } = life.cast;
      const byNumber = (organisation: string) => system.post(organisation, '/hub/v1/timeline', { number });
      const answer = await byNumber('miit');
      const byId = await system.post('caict', '/hub/v1/timeline', { numberId: answer.body.numberId });
      expect(byId.body).toEqual(answer.body);
      const { servingCarrier } = answer.body;
      for (const carrier of new Set(reports.map((one) => one.carrier))) {
        const { status, body } = await byNumber(carrier);
        if (servingCarrier === carrier) expect([status, body]).toEqual([200, answer.body]);
        else if (life.reference.facts.length > 0) expect([status, body.code]).toEqual([403, 'NOT_SERVING_CARRIER']);
      }
    });
  });

  describe('recycled since', () => {
    interface Question {
      readonly number: string;
      readonly since: string;
      readonly knownAtLeast?: string;
    }
    const questions = (): { life: Lived; ask: Question }[] =>
      world.lives.flatMap((life, place) => {
        const { number, reports } = life.cast;
        const moments = new Set(reports.flatMap(({ said }) => effectiveAtOf(said) ?? []));
        const instants = [...moments].flatMap((moment) => [-1, 0, 1].map((ms) => Date.parse(moment) + ms));
        const days = [...moments].flatMap((moment) =>
          [-1, 0, 1].map((day) => inShanghai(Date.parse(moment) + day * 86_400_000).slice(0, 10)),
        );
        const sinces = [...instants.map((ms) => written(new Date(ms).toISOString(), place)), ...days];
        sinces.push('2010-01-01', '2099-01-01', '2099-01-01T00:00:00Z', inShanghai(Date.now()).slice(0, 10));
        const upTo = world.knownUpTo(life.reference.derived.life.serving);
        const bound = [-1, 0, 1].map((ms) => new Date((upTo === null ? 0 : Date.parse(upTo)) + ms).toISOString());
        return sinces.map((since, index) => ({
          life,
          ask: { number, since, ...(index % 4 === 3 ? {} : { knownAtLeast: bound[index % 4]! }) },
        }));
      });
    const expectedOf = ({ life, ask }: { life: Lived; ask: Question }, knownAtLeast = ask.knownAtLeast) => {
      const { derived } = life.reference;
      const knownUpTo = world.knownUpTo(derived.life.serving);
      const now = new Date().toISOString();
      const { since } = ask;
      const known = knownAtLeast === undefined ? {} : { knownAtLeast };
      return { ...recycled(derived, { since, now, knownUpTo, ...known }), knownUpTo: shownUpTo(knownUpTo) };
    };

    it('answers single questions by the rules, to an app and to carriers', async () => {
      const seen = new Set<string>();
      for (const [place, one] of questions().entries()) {
        if (!soak && place % 3 !== 0) continue;
        const { status, body } = await system.post(place % 5 === 0 ? 'cm' : 'shop', '/hub/v1/recycled', one.ask);
        expect({ ask: one.ask, status, body }).toEqual({ ask: one.ask, status: 200, body: expectedOf(one) });
        seen.add(`${body.answer} ${body.reason}`);
      }
      expect([...seen].sort()).toEqual([
        'cannot-tell IN_CONFLICT',
        'cannot-tell OUT_OF_RANGE',
        'cannot-tell STALE',
        'cannot-tell UNKNOWN_NUMBER',
        'no NOT_HELD_SINCE',
        'no SAME_HOLDER',
        'yes HOLDER_CHANGED',
        'yes QUARANTINED',
        'yes RELEASED',
      ]);
    });

    it.each(['text/csv', 'application/x-ndjson'])('answers a file of them in order, as %s', async (type) => {
      const asked = questions();
      const lines = asked.map(({ ask: { number, since } }) =>
        type === 'text/csv' ? `${since},${number}` : JSON.stringify({ since, number }),
      );
      // What is no mobile number is told so in its place.
      lines.splice(
        1,
        0,
        type === 'text/csv' ? '2020-01-01,02112345678' : '{"number":"02112345678","since":"2020-01-01"}',
      );
      const body = (type === 'text/csv' ? ['since,number', ...lines] : lines).join('\n');
      const answer = await system.call('bank', 'POST', '/hub/v1/recycled/bulk', { type, body });
      const [first, ...rows] = answer.text.trimEnd().split('\n');
      const said =
        type === 'text/csv'
          ? rows.map((row) => {
              const [what, reason, knownUpTo] = row.split(',');
              return { answer: what, reason, knownUpTo: knownUpTo === '' ? null : knownUpTo };
            })
          : [first!, ...rows].map((row) => JSON.parse(row) as object);
      if (type === 'text/csv') expect(first).toBe('answer,reason,knownUpTo');
      const should: object[] = asked.map(({ life, ask }) =>
        expectedOf({ life, ask: { number: ask.number, since: ask.since } }),
      );
      should.splice(1, 0, { answer: 'cannot-tell', reason: 'INVALID_NUMBER', knownUpTo: null });
      expect(said).toEqual(should);
    });
  });

  it('lists every finding with its end, to operator and regulator', async () => {
    await everyLife(async (life) => {
      life.numberId ||= (await system.post('caict', '/hub/v1/timeline', { number: life.cast.number })).body.numberId;
    });
    const expected = world.lives.flatMap(({ rows, numberId }) => rows.map((row) => ({ ...listed(row), numberId })));
    const all = await everyPage('miit', '/hub/v1/findings?limit=37', 'findings');
    expect(asSet(all)).toEqual(asSet(expected));
    const filters: [string, (row: Row & { severity: string }) => boolean][] = [
      ['open=true', ({ endedAt }) => endedAt === undefined],
      ['open=false', ({ endedAt }) => endedAt !== undefined],
      ['severity=conflict', ({ severity }) => severity === 'conflict'],
      ['severity=violation&open=true', ({ severity, endedAt }) => severity === 'violation' && endedAt === undefined],
      ['code=DOUBLE_ASSIGNMENT', ({ code }) => code === 'DOUBLE_ASSIGNMENT'],
      ['carrier=cu&severity=notice', ({ carrier, severity }) => carrier === 'cu' && severity === 'notice'],
    ];
    for (const [query, fits] of filters) {
      const found = await everyPage('caict', `/hub/v1/findings?limit=1000&${query}`, 'findings');
      expect([query, asSet(found)]).toEqual([query, asSet(expected.filter(fits))]);
    }
  });

  it.each(['ct', 'cm', 'cu', 'cbn', 'mv1'] as const)('shows %s the findings it is to see', async (carrier) => {
    const expected = world.lives.flatMap(({ rows, numberId, reference, latest }) =>
      rows
        .filter((row) => row.carrier === carrier || reference.derived.life.serving === carrier)
        .map((row) => ({ ...listed(row), numberId, yourReportId: latest.get(carrier) ?? null })),
    );
    const found = await everyPage(carrier, '/carrier/v1/findings?limit=23', 'findings');
    expect(asSet(found)).toEqual(asSet(expected));
  });

  it("shows a carrier all its receipts, page by page, and its batches' latest first", async () => {
    const sent = world.lives.flatMap(({ cast }) => cast.reports.filter(({ carrier }) => carrier === 'ct'));
    const completes = world.completes.filter(({ carrier }) => carrier === 'ct');
    const receipts = await everyPage('ct', '/carrier/v1/receipts?limit=100', 'receipts');
    expect(receipts).toHaveLength(sent.length + completes.length);
    const rejected = await everyPage('ct', '/carrier/v1/receipts?limit=7&outcome=rejected', 'receipts');
    expect(rejected).toEqual(receipts.filter(({ outcome }) => outcome === 'rejected'));
    const batches = await everyPage('ct', '/carrier/v1/batches?limit=5', 'batches');
    const times = new Map(receipts.map(({ batchId, recordedAt }) => [batchId, recordedAt as string]));
    const order = batches.map(({ batchId }) => times.get(batchId)!);
    expect(order).toEqual([...order].sort().reverse());
    expect(new Set(batches.map(({ batchId }) => batchId))).toEqual(new Set(times.keys()));
  });

  const everyPage = async (organisation: string, path: string, name: string) => {
    const all: Record<string, unknown>[] = [];
    let after = '';
    for (;;) {
      const { status, body } = await system.get(organisation, path + after);
      expect(status).toBe(200);
      all.push(...body[name]);
      if (body.next === null) return all;
      after = `&after=${encodeURIComponent(body.next)}`;
    }
  };
});

const violations = ['EARLY_RELEASE'];
const conflicts = ['DOUBLE_ASSIGNMENT', 'NOT_SERVING_CARRIER'];
const severityOf = (code: string): string =>
  violations.includes(code) ? 'violation' : conflicts.includes(code) ? 'conflict' : 'notice';
const listed = (row: Row) => ({ ...row, severity: severityOf(row.code) });
/** Its keys in one order. */
const sorted = (value: object): object =>
  Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
