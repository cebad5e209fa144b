import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReportId } from '@numlife/contracts';
import { describeOnPostgres } from '@numlife/testing/postgresql';
import { BadCursor } from './index.js';
import { Database } from './fixtures/database.js';
import { Folder } from './fixtures/folder.js';
import { at, batchOf, cm, ct, cu, type History, holder, numberOf } from './fixtures/history.js';
import type { World } from './fixtures/world.js';

const opened = (who = 'a', day = 0) => ({ kind: 'opened', effectiveAt: at(day), holder: holder(who) }) as const;
const cancelled = (day: number) => ({ kind: 'cancelled', effectiveAt: at(day), reason: 'subscriber' }) as const;

describe('the read models on SQLite', () => {
  readModels(() => new Folder());
});
describeOnPostgres('the read models on PostgreSQL', (server) => {
  readModels(() => new Database(server()));
});

function readModels(open: () => World): void {
  let world: World;
  let history: History;
  beforeEach(async () => {
    world = open();
    history = await world.history();
    await world.views();
  });
  afterEach(() => world.remove());

  it('have one receipt for every line, in the order recorded', async () => {
    await history.report({ batch: 'b1', line: 2, reportId: 'r1', report: opened() });
    await history.reject(ct, 'b1', 3);
    await history.duplicate(ct, 'b1', 4, 'r1');
    await history.report({ batch: 'b1', line: 5, reportId: 'r2', report: opened('b', 5) });
    await history.complete({ carrier: ct, batch: 'b1', line: 6 }, at(10));
    const views = await world.level();
    const { receipts, next } = await views.receipts({ carrier: ct, batch: 'b1', limit: 10 });
    expect(
      receipts.map(({ line, outcome, code, version, findings }) => [line, outcome, code, version, findings]),
    ).toEqual([
      [2, 'recorded', undefined, 1, []],
      [3, 'rejected', 'MALFORMED', undefined, []],
      [4, 'duplicate', undefined, 1, []],
      [5, 'recorded-with-anomaly', undefined, 2, ['DOUBLE_ASSIGNMENT']],
      [6, 'recorded', undefined, undefined, []],
    ]);
    expect(receipts[1]).toEqual({
      batchId: 'b1',
      line: 3,
      outcome: 'rejected',
      code: 'MALFORMED',
      detail: 'number: 3 digits; it takes 11',
      findings: [],
      recordedAt: receipts[1]!.recordedAt,
    });
    expect(next).toBeNull();
  });

  it('answer receipts by outcome, with and without a batch, and only to the carrier they are for', async () => {
    for (const [carrier, batch] of [
      [ct, 'b1'],
      [ct, 'b2'],
      [cm, 'b1'],
    ] as const) {
      const id = `${carrier}-${batch}`;
      await history.report({ carrier, batch, number: 7, reportId: id, report: opened() });
      await history.reject(carrier, batch, carrier === ct ? 98 : 99);
    }
    const views = await world.level();
    const lines = async (query: Partial<Parameters<typeof views.receipts>[0]>) =>
      (await views.receipts({ carrier: ct, limit: 10, ...query })).receipts.map(
        ({ batchId, outcome }) => `${batchId} ${outcome}`,
      );
    expect(await lines({})).toEqual(['b1 recorded', 'b1 rejected', 'b2 recorded-with-anomaly', 'b2 rejected']);
    expect(await lines({ outcome: 'rejected' })).toEqual(['b1 rejected', 'b2 rejected']);
    expect(await lines({ outcome: 'recorded' })).toEqual(['b1 recorded']);
    expect(await lines({ outcome: 'rejected', batch: 'b2' })).toEqual(['b2 rejected']);
    expect(await lines({ carrier: cm })).toEqual(['b1 recorded-with-anomaly', 'b1 rejected']);
    expect(await lines({ batch: 'b3' })).toEqual([]);
    expect(await lines({ carrier: cu })).toEqual([]);
  });

  it('keep a cursor good while rows are added', async () => {
    const report = (index: number) =>
      history.report({ batch: `b${index % 3}`, number: index, reportId: `r${index}`, report: opened() });
    for (let index = 0; index < 5; index += 1) await report(index);
    const views = await world.level();
    const seen: (ReportId | undefined)[] = [];
    let after: string | undefined;
    for (let index = 5; ; index += 1) {
      const page = await views.receipts({ carrier: ct, limit: 2, after });
      seen.push(...page.receipts.map(({ reportId }) => reportId));
      if (page.next === null) break;
      after = page.next;
      if (index < 9) await report(index);
      await world.level();
    }
    expect(seen).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8'].slice(0, seen.length));
    expect(seen.length).toBeGreaterThan(6);
  });

  it('refuse a cursor of another list, and one that is none', async () => {
    for (const number of [1, 2])
      await history.report({ number, batch: `b${number}`, reportId: `r${number}`, report: opened() });
    const views = await world.level();
    const { next } = await views.batches(ct, undefined, 1);
    await expect(views.receipts({ carrier: ct, limit: 1, after: next! })).rejects.toBeInstanceOf(BadCursor);
    await expect(views.receipts({ carrier: ct, limit: 1, after: 'nonsense' })).rejects.toBeInstanceOf(BadCursor);
  });

  it('count a batch, and list batches latest first', async () => {
    await history.report(
      { batch: 'b1', reportId: 'r1', report: opened() },
      { batch: 'b1', reportId: 'r2', report: opened('b', 5) },
    );
    await history.reject(ct, 'b1', 90);
    await history.duplicate(ct, 'b1', 91, 'r1');
    const views = await world.level();
    const counts = { recorded: 1, recordedWithAnomaly: 1, duplicate: 1, rejected: 1 };
    expect(await views.batch(ct, batchOf('b1'))).toEqual({ batchId: 'b1', received: 4, ...counts, pending: 0 });
    await history.received(ct, 'b1', 6);
    await history.received(ct, 'b2', 1);
    await history.received(cm, 'b3', 1);
    await world.level();
    expect(await views.batch(ct, batchOf('b1'))).toEqual({ batchId: 'b1', received: 6, ...counts, pending: 2 });
    expect(await views.batch(cm, batchOf('b1'))).toBeUndefined();
    const first = await views.batches(ct, undefined, 1);
    const second = await views.batches(ct, first.next!, 1);
    expect([...first.batches, ...second.batches].map(({ batchId }) => batchId)).toEqual(['b2', 'b1']);
    expect(second.next).toBeNull();
  });

  it('count a complete from the moment it has passed every partition', async () => {
    await history.complete({ carrier: ct, batch: 'b1', line: 1 }, at(10));
    const before = history.now;
    await history.complete({ carrier: ct, batch: 'b1', line: 2 }, at(12), 3);
    const views = await world.level();
    expect(await views.knownUpTo(ct)).toBe(at(10));
    await history.complete({ carrier: ct, batch: 'b1', line: 3 }, at(9));
    await history.complete({ carrier: ct, batch: 'b1', line: 4 }, at(13));
    await world.level();
    expect(await views.knownUpTo(ct)).toBe(at(13));
    expect(await views.knownUpTo(cm)).toBeNull();
    expect(await views.knownUpToBefore(ct, before)).toBeNull();
    expect(await views.knownUpToBefore(ct, history.now)).toBe(at(10));
  });

  it('answer the check states of the numbers that are known', async () => {
    await history.report({ number: 1, reportId: 'r1', report: opened('a', 3) });
    await history.report({ number: 1, reportId: 'r2', report: { kind: 'suspended', effectiveAt: at(4) } });
    await history.report({
      number: 2,
      reportId: 'r3',
      report: { kind: 'holding', effectiveAt: at(5), holder: holder('b') },
    });
    const views = await world.level();
    const states = await views.checkStates([numberOf(1), numberOf(2), numberOf(3)]);
    expect([...states]).toEqual([
      [numberOf(1), { version: 1, state: { status: 'held', servingCarrier: 'ct', from: at(3), fromKnown: true } }],
      [numberOf(2), { version: 0, state: { status: 'held', servingCarrier: 'ct', from: at(5), fromKnown: true } }],
    ]);
  });

  it('know a number again when a suspension, which is not told, is heard after all was withdrawn', async () => {
    await history.report({ reportId: 'r1', report: opened('a', 1) });
    await history.report({ reportId: 'r2', report: { kind: 'corrected', corrects: 'r1' as ReportId } });
    const stateOfOne = async () => (await (await world.level()).checkStates([numberOf(1)])).get(numberOf(1));
    expect((await stateOfOne())?.state.status).toBe('unknown');
    await history.report({ reportId: 'r3', report: { kind: 'suspended', effectiveAt: at(3) } });
    const known = { version: 2, state: { status: 'held', servingCarrier: 'ct', from: at(3), fromKnown: false } };
    expect(await stateOfOne()).toEqual(known);
    // The same where all of it is read at once.
    await world.views('others');
    expect(await stateOfOne()).toEqual(known);
  });

  it('list findings with when they were raised and ended', async () => {
    await history.report({ reportId: 'r1', report: opened() });
    await history.report({ carrier: cm, reportId: 'x1', report: cancelled(5) });
    const raisedAt = history.now;
    await history.report({ number: 2, reportId: 'r3', report: { kind: 'resumed', effectiveAt: at(1) } });
    const views = await world.level();
    const conflict = {
      code: 'NOT_SERVING_CARRIER',
      severity: 'conflict',
      numberId: numberOf(1),
      reportId: 'x1',
      carrier: 'cm',
      at: raisedAt,
    };
    const notice = {
      code: 'KNOWLEDGE_BEGINS_MID_LIFE',
      severity: 'notice',
      numberId: numberOf(2),
      reportId: 'r3',
      carrier: 'ct',
      at: history.now,
    };
    expect((await views.findings({ limit: 10 })).findings).toEqual([conflict, notice]);
    expect((await views.findings({ severity: 'conflict', limit: 10 })).findings).toEqual([conflict]);
    expect((await views.findings({ code: 'KNOWLEDGE_BEGINS_MID_LIFE', limit: 10 })).findings).toEqual([notice]);
    expect((await views.findings({ carrier: cm, limit: 10 })).findings).toEqual([conflict]);
    await history.report({
      carrier: cm,
      reportId: 'x2',
      report: { kind: 'corrected', corrects: 'x1' as ReportId },
    });
    await world.level();
    const ended = { ...conflict, endedAt: history.now };
    expect((await views.findings({ open: true, limit: 10 })).findings).toEqual([notice]);
    expect((await views.findings({ open: false, limit: 10 })).findings).toEqual([ended]);
    const first = await views.findings({ limit: 1 });
    expect(first.findings).toEqual([ended]);
    expect((await views.findings({ limit: 1, after: first.next! })).findings).toEqual([notice]);
  });

  it('list a report id that a carrier used for two numbers, and never for two carriers', async () => {
    await history.report({ number: 1, reportId: 'same', report: opened() });
    await history.report({ carrier: cm, number: 2, reportId: 'same', report: opened() });
    await history.report({ number: 3, reportId: 'same', report: opened() });
    const sharedAt = history.now;
    const views = await world.level();
    expect((await views.findings({ code: 'REPORT_ID_SHARED', limit: 10 })).findings).toEqual([
      {
        code: 'REPORT_ID_SHARED',
        severity: 'notice',
        numberId: numberOf(3),
        reportId: 'same',
        carrier: 'ct',
        at: sharedAt,
      },
    ]);
    const { receipts } = await views.receipts({ carrier: ct, limit: 10 });
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['recorded', 'recorded']);
  });

  it('show a carrier the findings it caused, and those of others about numbers it serves', async () => {
    await history.report({ number: 1, reportId: 'own', report: opened() });
    await history.report({ carrier: cm, number: 1, reportId: 'theirs', report: cancelled(3) });
    await history.report({ carrier: cu, number: 2, reportId: 'elsewhere', report: cancelled(3) });
    const views = await world.level();
    const seen = async (carrier: typeof ct) =>
      (await views.carrierFindings(carrier, undefined, 10)).findings.map(({ reportId, code, yourReportId }) => [
        reportId,
        code,
        yourReportId,
      ]);
    expect(await seen(ct)).toEqual([['theirs', 'NOT_SERVING_CARRIER', 'own']]);
    expect(await seen(cm)).toEqual([['theirs', 'NOT_SERVING_CARRIER', 'theirs']]);
    // With the number its findings go over to the next carrier.
    await history.report({
      number: 1,
      reportId: 'away',
      report: { kind: 'ported', effectiveAt: at(6), toCarrier: cu, portOrderId: 'p1' },
    });
    await world.level();
    expect(await seen(ct)).toEqual([['away', 'PORT_UNCONFIRMED', 'away']]);
    expect(await seen(cu)).toEqual([
      ['theirs', 'NOT_SERVING_CARRIER', null],
      ['elsewhere', 'KNOWLEDGE_BEGINS_MID_LIFE', 'elsewhere'],
      ['away', 'PORT_UNCONFIRMED', null],
    ]);
    const page = await views.carrierFindings(cu, undefined, 1);
    expect((await views.carrierFindings(cu, page.next!, 1)).findings.map(({ reportId }) => reportId)).toEqual([
      'elsewhere',
    ]);
  });

  it('wake whoever waits for a batch, and answer no when the time is over', async () => {
    const views = await world.level();
    const waiting = views.waitForBatch(ct, batchOf('b1'), 2, 20_000);
    await history.report({ batch: 'b1', reportId: 'r1', report: opened() });
    await history.reject(ct, 'b1', 9);
    expect(await waiting).toBe(true);
    expect(await views.waitForBatch(ct, batchOf('b1'), 3, 20)).toBe(false);
  });

  it('answer whoever has waited for a position with its effect', async () => {
    const views = await world.level();
    for (let index = 0; index < 20; index += 1) {
      await history.report({ number: index, batch: 'b1', reportId: `r${index}`, report: opened() });
      await views.waitFor(await world.end(), AbortSignal.timeout(20_000));
      expect((await views.checkStates([numberOf(index)])).size).toBe(1);
      expect((await views.batch(ct, batchOf('b1')))?.recorded).toBe(index + 1);
    }
  });
}
