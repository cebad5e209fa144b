// A connector on an embedded transport that was filled before, killed where KILL_AT says, or run until nothing is left to do.
// The app's own account book is a file that every action is appended to.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppConnector, bindingsOfNdjson } from '@numlife/app-connector';
import { instantFromMs } from '@numlife/event-sourcing';
import { openEmbeddedTransport } from '@numlife/transport-embedded';

const folder = process.argv[2];
const [what, where, nth] = (process.env.KILL_AT ?? '').split(' ');
const clock = { now: () => instantFromMs(Date.now()) };
const killAt = (point) => {
  let seen = 0;
  return (at) => {
    if (what === point && where === at && (seen += 1) === Number(nth)) process.kill(process.pid, 'SIGKILL');
  };
};
const killInAct = killAt('act');
const killWhenApplied = killAt('applied');

const transport = await openEmbeddedTransport({ file: join(folder, 'transport.db'), clock });
const connector = await AppConnector.open({
  app: 'shop',
  file: join(folder, 'connector.db'),
  transport,
  clock,
  random: Math.random,
  batchMessagesMax: 25,
  keys: { industry: { version: 1, key: 'A'.repeat(43) }, own: 'B'.repeat(43) },
  hub: {
    recycled: (questions) =>
      Promise.resolve(questions.map(() => ({ answer: 'no', reason: 'SAME_HOLDER', knownUpTo: null }))),
  },
  writer: new URL('./killing-writer.mjs', import.meta.url),
  actions: {
    async act({ id, account, accountSequence, action }) {
      killInAct('before');
      appendFileSync(join(folder, 'book'), `${JSON.stringify({ id, account, accountSequence, action })}\n`);
      killInAct('after');
      await new Promise(setImmediate);
      return { done: true };
    },
  },
  // The commit is durable, and the transport has not heard of it.
  onApplied: () => killWhenApplied('after'),
});
async function* bindings() {
  yield readFileSync(join(folder, 'bindings'));
}
await connector.putBindings(bindingsOfNdjson(bindings()));

const stop = new AbortController();
const running = connector.run(stop.signal);
process.on('SIGTERM', () => stop.abort());
if (what === 'term') setTimeout(() => process.kill(process.pid, 'SIGTERM'), Number(nth) * 5);
const expected = Number(process.argv[3]);
const deadline = Date.now() + 30_000;
while (!stop.signal.aborted) {
  if (Date.now() > deadline) {
    console.error('there is always something left to do');
    process.exit(1);
  }
  const { applied, outbox, questions } = await connector.operations.flow();
  if (applied >= expected && outbox.waiting + outbox.sending + questions === 0) stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await running;
process.stdout.write(
  JSON.stringify({ flow: await connector.operations.flow(), bindings: connector.bindings({ limit: 1_000 }) }),
);
await connector.close();
await transport.close();
