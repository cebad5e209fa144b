import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { invariant } from '@numlife/event-sourcing';
import { commitAnnouncer } from './commits.js';
import { GroupCommit } from './group-commit.js';
import { toWire } from './failures.js';
import { limitSize, openFile } from './open-file.js';
import type { FromWriter, ThreadData, ToWriter, WriterModule, WriterPragmas } from './protocol.js';

invariant(parentPort, 'started as a worker thread');
const port = parentPort;
const data = workerData as ThreadData;
const answer = (message: FromWriter) => port.postMessage(message);

try {
  const module = (await import(data.moduleUrl)) as WriterModule<unknown, unknown>;
  serve(module);
  answer({ kind: 'opened' });
} catch (error) {
  answer({ kind: 'refused', failure: toWire(error, data.file) });
  port.close();
}

function serve(module: WriterModule<unknown, unknown>): void {
  const db = openFile(data, module.migrations);
  const groups = new GroupCommit(db, data.file, module.createWriter(db));
  const { announce, close } = commitAnnouncer(data.file);

  const commit = (requests: readonly unknown[]) => {
    if (requests.length === 0) return;
    const outcome = groups.run(requests);
    answer(outcome);
    if (outcome.kind === 'answers') announce();
  };
  const control = (message: Exclude<ToWriter, { kind: 'requests' }>) => {
    if (message.kind === 'limit') limitSize(db, message.bytes);
    const replies = message.kind === 'pragmas' ? [groups.pragmas() satisfies WriterPragmas] : [undefined];
    if (message.kind === 'close') db.close();
    answer({ kind: 'answers', replies, failures: [] });
    if (message.kind === 'close') {
      close();
      port.close();
    }
  };

  // Whatever arrived while the last commit ran becomes the next group; the sender's queue bounds how much that is.
  port.on('message', (first: ToWriter) => {
    let group: unknown[] = [];
    for (let next: ToWriter | undefined = first; next; next = received()) {
      if (next.kind === 'requests') {
        for (const request of next.requests) group.push(request);
      } else {
        commit(group);
        group = [];
        control(next);
      }
    }
    commit(group);
  });
}

function received(): ToWriter | undefined {
  return receiveMessageOnPort(port)?.message as ToWriter | undefined;
}
