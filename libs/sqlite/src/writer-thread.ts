import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { invariant } from '@numlife/event-sourcing';
import { commitAnnouncer } from './commits.js';
import type { Database } from './database.js';
import { GroupCommit } from './group-commit.js';
import { toWire } from './failures.js';
import { limitSize, openFile } from './open-file.js';
import type { FromWriter, ThreadData, ToWriter, WriterModule } from './protocol.js';

/** What one client asked while the last commit ran. */
interface Asked {
  readonly by: MessagePort;
  readonly requests: unknown[];
}

/** The one writer of a file, for every thread that asks. */
class Serving {
  readonly #db: Database;
  readonly #groups: GroupCommit;
  readonly #announcer;
  readonly #clients = new Set<MessagePort>();

  constructor(data: ThreadData, module: WriterModule<unknown, unknown>) {
    this.#db = openFile(data, module.migrations);
    this.#groups = new GroupCommit(this.#db, data.file, module.createWriter(this.#db));
    this.#announcer = commitAnnouncer(data.file);
  }

  listen(client: MessagePort): void {
    this.#clients.add(client);
    client.on('message', (first: ToWriter) => this.#take(first, client));
    client.on('close', () => this.#clients.delete(client));
  }

  /** Whatever arrived while the last commit ran becomes the next group; the senders' queues bound how much that is. */
  #take(first: ToWriter, from: MessagePort): void {
    let group = this.#drain(from, [], first);
    for (const client of this.#clients) if (client !== from) group = this.#drain(client, group);
    this.#commit(group);
  }

  /** Adds what a client asked to the group; what else it wants is done between two groups. */
  #drain(client: MessagePort, group: Asked[], first = received(client)): Asked[] {
    let asked: Asked = { by: client, requests: [] };
    let open = [...group, asked];
    for (let next = first; next; next = received(client)) {
      if (next.kind === 'requests') {
        for (const request of next.requests) asked.requests.push(request);
        continue;
      }
      this.#commit(open);
      this.#control(next, client);
      asked = { by: client, requests: [] };
      open = [asked];
    }
    return open;
  }

  #commit(group: readonly Asked[]): void {
    const requests = group.length === 1 ? group[0]!.requests : group.flatMap((asked) => asked.requests);
    if (requests.length === 0) return;
    const outcome = this.#groups.run(requests);
    let from = 0;
    for (const { by, requests: own } of group) {
      if (own.length > 0) by.postMessage(partOf(outcome, from, own.length));
      from += own.length;
    }
    if (outcome.kind === 'answers') this.#announcer.announce();
  }

  #control(message: Exclude<ToWriter, { kind: 'requests' }>, by: MessagePort): void {
    if (message.kind === 'join') return this.listen(message.port);
    if (message.kind === 'limit') limitSize(this.#db, message.bytes);
    const replies = message.kind === 'pragmas' ? [this.#groups.pragmas()] : [undefined];
    if (message.kind === 'close') this.#db.close();
    by.postMessage({ kind: 'answers', replies, failures: [] } satisfies FromWriter);
    if (message.kind === 'close') this.#end();
  }

  #end(): void {
    this.#announcer.close();
    for (const client of this.#clients) client.close();
  }
}

/** A client's share of a group's answers. */
function partOf(outcome: ReturnType<GroupCommit['run']>, from: number, count: number): FromWriter {
  if (outcome.kind === 'failed') return { ...outcome, count };
  if (count === outcome.replies.length) return outcome;
  const to = from + count;
  const failures = outcome.failures.filter(([index]) => index >= from && index < to);
  return {
    kind: 'answers',
    replies: outcome.replies.slice(from, to),
    failures: failures.map(([index, failure]) => [index - from, failure]),
  };
}

function received(from: MessagePort): ToWriter | undefined {
  return receiveMessageOnPort(from)?.message as ToWriter | undefined;
}

invariant(parentPort, 'started as a worker thread');
const data = workerData as ThreadData;
const answer = (message: FromWriter) => parentPort!.postMessage(message);
try {
  new Serving(data, (await import(data.moduleUrl)) as WriterModule<unknown, unknown>).listen(parentPort);
  answer({ kind: 'opened' });
} catch (error) {
  answer({ kind: 'refused', failure: toWire(error, data.file) });
  parentPort.close();
}
