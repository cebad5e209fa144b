import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CarrierId } from '@numlife/contracts';
import { InfrastructureFailure, type Message, type Transport } from '@numlife/event-sourcing';
import { createPrivacy, openKeyFile } from '@numlife/privacy';
import { Metrics, systemClock } from '@numlife/runtime';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutNdjson } from '../cut/reports.js';
import { Intake, type Received } from './intake.js';
import { Uploads } from './uploads.js';

const carrier = 'ct' as CarrierId;
const line = (place: number, holder = 'hk1_aaaaaaaaaaaaaaaa'): string =>
  JSON.stringify({ reportId: `r${place}`, kind: 'opened', number: '13300000000', holder });
const lines = (count: number, holder?: string): string[] =>
  Array.from({ length: count }, (_, index) => line(index + 1, holder));

describe('an upload that broke before its end was on the transport', () => {
  let folder: string;
  let uploads: Uploads;
  let intake: Intake;
  let published: string[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intake-'));
    uploads = await Uploads.open(join(folder, 'uploads.db'));
    published = [];
    const publish = (_: string, messages: readonly Message[]): Promise<void> => {
      published.push(...messages.map(({ headers }) => headers['ce_id']!.split('#')[1]!));
      return Promise.resolve();
    };
    const keys = openKeyFile(join(folder, 'keys.json'));
    keys.ensureCarrier(carrier);
    const privacy = createPrivacy(keys.keysForHub());
    const transport = { publish } as unknown as Transport;
    intake = new Intake({ transport, privacy, uploads, clock: systemClock, metrics: new Metrics() });
  });
  afterEach(async () => {
    await uploads.close();
    rmSync(folder, { recursive: true });
  });

  const send = (all: readonly string[]): Promise<Received> => {
    const reports = cutNdjson(asStream(all.join('\n')));
    return intake.receive({ carrier, idempotencyKey: 'key', reports });
  };
  /** Killed after the last line was on the transport and before the upload was finished. */
  const killedAtEnd = async (all: readonly string[]): Promise<void> => {
    const finish = uploads.finish.bind(uploads);
    uploads.finish = () => Promise.reject(new InfrastructureFailure('unavailable', 'killed'));
    await expect(send(all)).rejects.toMatchObject({ code: 'unavailable' });
    uploads.finish = finish;
  };

  it.each([300, 700])('goes on with the same bytes, and with the same ids (%i lines)', async (count) => {
    await killedAtEnd(lines(count));
    const before = published.splice(0);
    expect(before).toHaveLength(count);
    expect(await send(lines(count))).toMatchObject({ received: count });
    expect(published).toEqual([...before, 'end']);
  });

  it.each([
    ['as many lines, one of them another', 300, [...lines(299), line(300, 'hk1_bbbbbbbbbbbbbbbb')]],
    ['one line less', 300, lines(299)],
    ['one line more', 300, lines(301)],
    ['many more', 300, lines(1_200)],
    ['as many, after a whole slice', 700, [...lines(699), line(700, 'hk1_bbbbbbbbbbbbbbbb')]],
    ['less, after a whole slice', 700, lines(650)],
    ['more, after a whole slice', 700, lines(1_300)],
    ['all others', 700, lines(700, 'hk1_bbbbbbbbbbbbbbbb')],
  ])('refuses other bytes under its key before it takes a line of them: %s', async (_, count, others) => {
    await killedAtEnd(lines(count));
    published.length = 0;
    await expect(send(others)).rejects.toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    // A whole slice with the same bytes as before is the same lines again, under the same ids.
    expect(published.length).toBe(count === 700 && others[0] === line(1) ? 500 : 0);
  });

  it('goes on with the rest of what did not come in to its end', async () => {
    const cut = async function* () {
      yield* cutNdjson(asStream(lines(700).join('\n')));
      throw new InfrastructureFailure('unavailable', 'hung up');
    };
    await expect(intake.receive({ carrier, idempotencyKey: 'key', reports: cut() })).rejects.toThrow('hung up');
    expect(await send(lines(900))).toMatchObject({ received: 900 });
  });

  it('asks its own file twice for a small upload: when it begins, and when it is finished', async () => {
    let asked = 0;
    for (const name of ['begin', 'slice', 'finish'] as const) {
      const original = uploads[name].bind(uploads) as (...args: unknown[]) => Promise<never>;
      uploads[name] = (...args: unknown[]) => {
        asked += 1;
        return original(...args);
      };
    }
    await send(lines(499));
    expect(asked).toBe(2);
  });
});

async function* asStream(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}
