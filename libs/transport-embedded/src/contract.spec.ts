import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { instantFromMs } from '@numlife/event-sourcing';
import { transportContract } from '@numlife/testing';
import { openEmbeddedTransport } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'transport-'));
afterAll(() => rmSync(folder, { recursive: true }));

const clock = { now: () => instantFromMs(Date.now()) };

transportContract('The embedded transport', async (place) => {
  const transport = await openEmbeddedTransport({ file: join(folder, `${place}.db`), clock });
  return { transport, crash: () => transport.close(0), close: () => transport.close() };
});
