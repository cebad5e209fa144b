import { createHash } from 'node:crypto';
import { InfrastructureFailure, noStream, type Write, type WriteResult } from '@numlife/event-sourcing';
import type { Appends } from './appends.js';
import { idStreamPrefix } from './checks.js';
import type { Connection } from './connection.js';
import { octetEvent } from './events.js';
import type { Reader } from './reader.js';
import { all } from './slots.js';

/** The id is to stand in this stream, in a write that begins at revision `first`, at `last` or before. */
interface Claim {
  readonly stream: string;
  readonly first: bigint;
  readonly last: bigint;
}

const claimType = 'numlife-claim';
/** Each attempt follows on a claim of somebody else's. */
const attemptsMax = 16;
const lookAgainMs = 100;

/**
 * An event id is unique in the store, which the server does not promise across streams: so before an event is appended,
 * its id's own stream says where it is to stand. That stream's last claim is the only place where the id can be: a next
 * one is made only when the write that the last one spoke of has come to nothing, which is certain once the revision it
 * began at is taken by other events. It costs an append of its own, to a stream of its own, for each event.
 */
export class EventIds {
  constructor(
    private readonly connection: Connection,
    private readonly appends: Appends,
    private readonly reader: Reader,
    /** How long a claim of a write to another stream is waited for that neither comes nor can be ruled out. */
    private readonly patienceMs: number,
  ) {}

  /** Answers a conflict that showed itself already; undefined: the write may be appended. */
  async claim({ stream, expected, events }: Write): Promise<WriteResult | undefined> {
    const first = expected + 1n;
    const answers = await all(
      events.map(({ id }, at) => this.#claim(id.toLowerCase(), { stream, first, last: first + BigInt(at) })),
    );
    return answers.find((answer) => answer !== undefined);
  }

  async #claim(id: string, wanted: Claim): Promise<WriteResult | undefined> {
    let claim = wanted;
    let expected = noStream;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { outcome } = await this.appends.append({
        stream: idStreamPrefix + id,
        expected,
        events: [eventOf(id, claim)],
      });
      if (outcome === 'appended') return undefined;
      const last = await this.#last(id);
      if (speaksOf(last.claim, wanted)) return undefined;
      const next = await this.#after(id, last.claim, wanted);
      if ('outcome' in next) return next;
      claim = next;
      expected = last.revision;
    }
    throw new InfrastructureFailure('unavailable', 'an event id is claimed again and again by others');
  }

  /** The claim to make next, once the last one is known to have come to nothing. */
  async #after(id: string, last: Claim, wanted: Claim): Promise<Claim | WriteResult> {
    for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
      const revision = await this.reader.lastRevision(last.stream);
      if (revision >= last.first) break;
      // It may yet come. In the same stream only one of the two can, since both begin at a revision of their own.
      if (last.stream === wanted.stream) {
        if (last.first < wanted.first) return { outcome: 'conflict', revision };
        return { ...wanted, last: wanted.last > last.last ? wanted.last : last.last };
      }
      if (waitedMs >= this.patienceMs) return wanted;
      await this.connection.pause(lookAgainMs);
    }
    const count = Number(last.last - last.first) + 1;
    for await (const event of this.reader.readStream(last.stream, last.first, count)) {
      if (event.id !== id) continue;
      throw new InfrastructureFailure('invalid-request', 'an event id that stands already');
    }
    return wanted;
  }

  async #last(id: string): Promise<{ claim: Claim; revision: bigint }> {
    const event = await this.reader.last(idStreamPrefix + id);
    if (event?.type !== claimType)
      throw new InfrastructureFailure('damaged', "an event id's own stream holds no claim");
    const { stream, first, last } = JSON.parse(Buffer.from(event.data as Uint8Array).toString()) as Record<
      keyof Claim,
      string
    >;
    return { claim: { stream, first: BigInt(first), last: BigInt(last) }, revision: event.revision };
  }
}

const speaksOf = (claim: Claim, wanted: Claim): boolean =>
  claim.stream === wanted.stream && claim.first === wanted.first && claim.last >= wanted.last;

function eventOf(id: string, { stream, first, last }: Claim) {
  const bytes = new TextEncoder().encode(JSON.stringify({ stream, first: String(first), last: String(last) }));
  return octetEvent(claimId(id, bytes), claimType, bytes);
}

/** From what it says, so that the same claim made twice is one. */
function claimId(id: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(id).update(bytes).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
