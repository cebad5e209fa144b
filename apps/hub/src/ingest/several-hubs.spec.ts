import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BatchId, type CarrierId, messageTypes, topics } from '@numlife/contracts';
import { commandFor, CommandHandler, decodeEnvelope, type MessageBatch } from '@numlife/event-sourcing';
import { intake, type IntakeEvent, intakeStreamOf } from '@numlife/numbers';
import { segments, segmentsStream } from '@numlife/numbering';
import { participant, participantStreamOf } from '@numlife/participants';
import { createPrivacy, openKeyFile, type Privacy } from '@numlife/privacy';
import { Metrics } from '@numlife/runtime';
import { type EmbeddedStore, openEmbeddedStore } from '@numlife/store-embedded';
import { manualClock } from '@numlife/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReferenceData, type ReferenceData } from '../follow/reference-data.js';
import { Ingest } from './ingest.js';

const ct = 'ct' as CarrierId;
const batchId = 'batch-1' as BatchId;
const rules = { quarantineDays: 90, clearanceLeadDays: 30, answerWorkingDays: 5, ruleVersion: 1 };
const opened = { kind: 'opened', number: '13300000001', holder: 'hk1_aaaaaaaaaaaaaaaa' };
const start = '2026-05-04T08:00:00.000Z';

/** One of several hubs: what it remembers is its own, the store is everybody's. */
interface OneHub {
  readonly ingest: Ingest;
  readonly reference: ReferenceData;
}

let folder: string;
let store: EmbeddedStore;
let privacy: Privacy;
let handler: CommandHandler;
const clock = manualClock(start);

beforeEach(async () => {
  clock.set(start);
  folder = mkdtempSync(join(tmpdir(), 'several-hubs-'));
  store = await openEmbeddedStore({ file: join(folder, 'store.db') });
  const keys = openKeyFile(join(folder, 'keys.json'));
  for (const id of ['ct', 'cm']) keys.ensureCarrier(id);
  privacy = createPrivacy(keys.keysForHub());
  handler = new CommandHandler({ store, clock, eventId: (cause, index) => privacy.uuidV5(cause, String(index)) });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const hub = async (): Promise<OneHub> => {
  const reference = await openReferenceData(store);
  return { reference, ingest: new Ingest({ store, clock, privacy, reference, rules, metrics: new Metrics() }) };
};
const admit = async (id: string): Promise<void> => {
  const admission = { role: 'carrier', id, name: id, domains: [], contacts: [], publicKeys: [] } as const;
  const command = { type: 'admit', admission, by: 'operator:caict' } as const;
  const stream = participantStreamOf('carrier', id);
  await handler.handle([commandFor({ stream, decider: participant, command, cause: crypto.randomUUID() })]);
};
const importSegments = async (...prefixes: string[]): Promise<void> => {
  const rows = prefixes.map((prefix) => ({ prefix, holder: ct, use: 'public', validFrom: '2000-01-01' }) as const);
  const importId = crypto.randomUUID();
  const command = { type: 'importSegments', importId, segments: rows, by: 'operator:caict' } as const;
  await handler.handle([
    commandFor({ stream: segmentsStream, decider: segments, command: command as never, cause: importId }),
  ]);
};

/** A line, as it stands on the carrier's topic; its place in the batch is its offset, too. */
const line = (place: number, report: object, carrier = ct) => {
  const id = `${batchId}#${place}`;
  const headers = {
    ce_id: id,
    ce_type: messageTypes.report,
    ce_batchid: batchId,
    ce_line: String(place),
    ce_batchat: '2026-05-04T07:00:00.000Z',
  };
  const text = JSON.stringify({ reportId: `r-${place}`, ...report });
  const value = new TextEncoder().encode(JSON.stringify({ v: 1, sealed: privacy.seal(carrier, text, id) }));
  return { carrier, place, message: { key: id, headers, value } };
};
const batchOf = (lines: readonly ReturnType<typeof line>[], of: Partial<MessageBatch> = {}): MessageBatch => {
  const { partition = 0, partitions = 1 } = of;
  const topic = topics.reports(lines[0]!.carrier);
  const timestampMs = Date.parse(start);
  return {
    topic,
    partition,
    partitions,
    messages: lines.map(({ place, message }) => ({
      ...message,
      topic,
      partition,
      offset: BigInt(place),
      timestampMs,
    })),
    nextOffset: BigInt(lines.at(-1)!.place + 1),
    anythingParked: () => false,
    park: () => Promise.reject(new Error('nothing is to be parked here')),
    redriven: false,
    isStale: () => false,
    epoch: 1,
    ...of,
  };
};

/** What became of the batch's lines, as often as it is recorded. */
const receipts = async (): Promise<string[]> => {
  const found: string[] = [];
  const reading = new AbortController();
  for await (const page of store.readAll({ signal: reading.signal })) {
    for (const stored of page.events) {
      const { type, data } = decodeEnvelope<{ type: string; data: { line?: number; code?: string } }>(stored);
      const isReceipt = ['LineRejected', 'LineDuplicate', 'CompletePassed'].includes(type) || 'reportId' in data;
      if (isReceipt && data.line !== undefined) found.push(`${data.line} ${data.code ?? type}`);
    }
    if (page.caughtUp) break;
  }
  reading.abort();
  return found.sort();
};

describe('a partition that another hub had in between', () => {
  beforeEach(async () => {
    await admit('ct');
    await importSegments('133');
  });

  it('keeps the receipts that were given there, also where a line would be taken by now', async () => {
    const [a, b] = [await hub(), await hub()];
    await a.ingest.handle(batchOf([line(1, { ...opened, effectiveAt: 'bad' })]));
    const early = line(2, { ...opened, effectiveAt: '2026-05-04T08:30:00.000Z' });
    await b.ingest.handle(batchOf([early]));
    clock.advanceMs(3_600_000);
    await a.ingest.handle(batchOf([early], { epoch: 2 }));
    expect(await receipts()).toEqual(['1 MALFORMED', '2 EFFECTIVE_IN_FUTURE']);
  });

  it('is decided on what was recorded there', async () => {
    const [a, b] = [await hub(), await hub()];
    const first = { ...opened, effectiveAt: '2026-05-01T08:00:00.000Z' };
    const ended = { kind: 'suspended', number: opened.number, effectiveAt: '2026-05-02T08:00:00.000Z' };
    const corrected = { kind: 'corrected', number: opened.number, corrects: 'r-2' };
    await a.ingest.handle(batchOf([line(1, first)]));
    await b.ingest.handle(batchOf([line(2, ended)]));
    await a.ingest.handle(batchOf([line(3, corrected)], { epoch: 2 }));
    const found = await receipts();
    expect(found.map((receipt) => receipt.slice(0, 2))).toEqual(['1 ', '2 ', '3 ']);
    expect(found.join()).not.toContain('UNKNOWN_REPORT');
  });

  it('gives each line one receipt when the one before still worked on the same batch', async () => {
    const [a, b] = [await hub(), await hub()];
    const lines = Array.from({ length: 50 }, (_, index) =>
      line(index + 1, { ...opened, number: `1330000${String(1_000 + (index % 7))}`, effectiveAt: start }),
    );
    await Promise.all([a.ingest.handle(batchOf(lines)), b.ingest.handle(batchOf(lines, { epoch: 2 }))]);
    await b.ingest.handle(batchOf(lines, { epoch: 2 }));
    const places = (await receipts()).map((receipt) => Number.parseInt(receipt, 10));
    expect(places.sort((x, y) => x - y)).toEqual(lines.map(({ place }) => place));
  });

  it('records nothing of a batch that was taken away meanwhile', async () => {
    const { ingest } = await hub();
    const both = [line(1, { ...opened, effectiveAt: start }), line(2, { kind: 'complete', upTo: start })];
    await ingest.handle(batchOf(both, { isStale: () => true }));
    expect(await receipts()).toEqual([]);
  });

  it('asks no more of a line that an operator gave up at another hub', async () => {
    const { ingest } = await hub();
    await ingest.handle(batchOf([line(1, { ...opened, effectiveAt: start })]));
    const data = { carrier: ct, batchId, line: 2, code: 'MALFORMED', detail: 'given up' } as const;
    const command: IntakeEvent = { type: 'LineRejected', data };
    const stream = intakeStreamOf(batchId, 0);
    await handler.handle([commandFor({ stream, decider: intake, command, cause: 'ct/given-up' })]);
    await ingest.handle(batchOf([line(2, { ...opened, effectiveAt: start, holder: 'hk1_bbbbbbbbbbbbbbbb' })]));
    expect(await receipts()).toEqual([expect.stringMatching(/^1 (?!MALFORMED)/), '2 MALFORMED']);
  });
});

describe('a `complete` whose partitions different hubs have', () => {
  it('counts once it has passed all of them, for every hub', async () => {
    await admit('ct');
    const hubs = [await hub(), await hub(), await hub()];
    const complete = line(1, { kind: 'complete', upTo: '2026-05-04T00:00:00+08:00' });
    const pass = (partition: number) =>
      hubs[partition % 3]!.ingest.handle(batchOf([complete], { partition, partitions: 8 }));
    await Promise.all([1, 2, 3, 4, 5, 6, 7].map(pass));
    for (const { reference } of hubs) expect(await reference.knownUpToAt(ct, clock.now())).toBeNull();
    await Promise.all([pass(0), pass(0), pass(4)]);
    for (const { reference } of hubs)
      expect(await reference.knownUpToAt(ct, clock.now())).toBe('2026-05-03T16:00:00.000Z');
    expect(await receipts()).toHaveLength(8);
  });
});

describe('what an operator ordered at another hub a moment ago', () => {
  it('is known before a line is refused for it', async () => {
    const behind = await hub();
    await admit('cm');
    await importSegments('133');
    const report = { ...opened, effectiveAt: '2026-05-01T08:00:00.000Z' };
    await behind.ingest.handle(batchOf([line(1, report, 'cm' as CarrierId)]));
    const complete = { kind: 'complete', upTo: '2026-05-04T00:00:00+08:00' };
    await admit('ct');
    await behind.ingest.handle(batchOf([line(2, complete)]));
    const found = await receipts();
    expect(found).toHaveLength(2);
    expect(found.join()).not.toMatch(/UNKNOWN_CARRIER|SERVICE_NOT_APPLICABLE/);
  });

  it('leaves refused what is refused all the same', async () => {
    const behind = await hub();
    await importSegments('134');
    await behind.ingest.handle(batchOf([line(1, { ...opened, effectiveAt: start })]));
    await admit('ct');
    await behind.ingest.handle(batchOf([line(2, { ...opened, effectiveAt: start })]));
    expect(await receipts()).toEqual(['1 UNKNOWN_CARRIER', '2 SERVICE_NOT_APPLICABLE']);
  });
});
