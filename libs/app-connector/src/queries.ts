import { loginCheck } from '@numlife/bindings';
import type {
  AccountAction,
  AccountActionAnswer,
  BindingState,
  Instant,
  RecycledAnswer,
  RecycledReason,
  Token,
} from '@numlife/contracts';
import { formatInstant } from '@numlife/contracts/validation';
import { instantFromMs } from '@numlife/event-sourcing';
import type { Database } from '@numlife/sqlite';
import { toldReader } from './told-table.js';

/** A binding as it is shown: the token stays inside. */
export interface ShownBinding {
  readonly account: string;
  readonly state: BindingState;
  readonly verifiedAt: Instant;
}
export interface BindingsFilter {
  readonly state?: BindingState | undefined;
  /** The last account of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** An action that was tried too often. */
export interface ParkedAction {
  readonly place: number;
  readonly id: string;
  readonly account: string;
  readonly accountSequence: number;
  readonly action: AccountAction;
  readonly because: string;
  readonly attempts: number;
  readonly failure: string;
  readonly parkedAt: Instant;
}

export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
  /** When the broker took the last message worked through. */
  readonly workedThroughTo: Instant;
  readonly watermark: string | null;
  readonly knownUpTo: Readonly<Record<string, Instant>>;
}

export interface Sizes {
  readonly bindings: number;
  readonly applied: number;
  readonly settled: number;
  /** Bindings the hub is still to be asked about. */
  readonly questions: number;
  readonly outbox: { readonly waiting: number; readonly sending: number; readonly parked: number };
  /** Accounts for which the app's last answer was a refusal or that the holder is needed, by action. */
  readonly objections: number;
}

interface PartitionRow {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: string;
  readonly worked_through_ms: number;
  readonly watermark: string | null;
  readonly known_up_to: string | null;
}

const parkedColumns =
  'place, id, account, account_sequence AS accountSequence, action, because, attempts, failure, parked_at AS parkedAt';

const statements = (db: Database) => ({
  interrupted: db.prepare('SELECT 1 FROM interrupted WHERE token = ?'),
  knownUpTo: db.prepare<[number, string], { known_up_to: string | null }>(
    'SELECT known_up_to FROM partitions WHERE partition = ? AND topic = ?',
  ),
  bindings: db.prepare<[string, number], ShownBinding>(
    'SELECT account, state, verified_at AS verifiedAt FROM bindings WHERE account > ? ORDER BY account LIMIT ?',
  ),
  activeBindings: db.prepare<[string, number], ShownBinding>(
    `SELECT account, state, verified_at AS verifiedAt FROM bindings
     WHERE state = 'active' AND account > ? ORDER BY account LIMIT ?`,
  ),
  otherBindings: db.prepare<[string, string, number], ShownBinding>(
    `SELECT account, state, verified_at AS verifiedAt FROM bindings
     WHERE state <> 'active' AND state = ? AND account > ? ORDER BY account LIMIT ?`,
  ),
  parked: db.prepare<[number, number], ParkedAction>(
    `SELECT ${parkedColumns} FROM actions WHERE status = 'parked' AND place > ? ORDER BY place LIMIT ?`,
  ),
  objections: db.prepare<[string], { action: AccountAction; id: string; answer: string; at: Instant }>(
    'SELECT action, id, answer, at FROM objections WHERE account = ?',
  ),
  partitions: db.prepare<[], PartitionRow>('SELECT * FROM partitions ORDER BY topic, partition'),
  counters: db.prepare<[], { name: string; value: number }>('SELECT name, value FROM counters'),
  sizes: db.prepare<[], { questions: number; actions: number; sending: number; parked: number; objections: number }>(
    `SELECT (SELECT count(*) FROM questions) AS questions, (SELECT count(*) FROM actions) AS actions,
       (SELECT count(*) FROM actions WHERE status = 'sending') AS sending,
       (SELECT count(*) FROM actions WHERE status = 'parked') AS parked,
       (SELECT count(*) FROM objections) AS objections`,
  ),
});

/** What the connector's database answers, read in the calling thread; each look-up takes microseconds. */
export class Queries {
  readonly #sql: ReturnType<typeof statements>;
  readonly #told: ReturnType<typeof toldReader>;
  constructor(
    db: Database,
    private readonly topic: string,
  ) {
    this.#sql = statements(db);
    this.#told = toldReader(db);
  }

  /** From what was told about the number; undefined when nothing was, or when something about it is parked. */
  loginCheck(token: Token, verifiedAt: Instant, now: Instant): RecycledAnswer | undefined {
    const told = this.#told(token);
    if (told === undefined || this.isInterrupted(token)) return undefined;
    const { answer, reason } = loginCheck(told, verifiedAt, now);
    return { answer, reason, knownUpTo: this.#knownUpTo(told.partition, told.servingCarrier) };
  }

  /** The reason where nobody can be asked. */
  reasonWithoutHub(token: Token): RecycledReason {
    return this.isInterrupted(token) ? 'STALE' : 'UNKNOWN_NUMBER';
  }

  isInterrupted(token: Token): boolean {
    return this.#sql.interrupted.get(token) !== undefined;
  }

  bindings({ state, after = '', limit }: BindingsFilter): ShownBinding[] {
    if (state === undefined) return this.#sql.bindings.all(after, limit);
    // All but the active ones stand in an index of their own.
    return state === 'active'
      ? this.#sql.activeBindings.all(after, limit)
      : this.#sql.otherBindings.all(state, after, limit);
  }

  parkedActions(afterPlace: number, limit: number): ParkedAction[] {
    return this.#sql.parked.all(afterPlace, limit);
  }

  /** What the app answered instead of done, the last of each action. */
  objections(account: string): { action: AccountAction; id: string; answer: AccountActionAnswer; at: Instant }[] {
    return this.#sql.objections
      .all(account)
      .map((row) => ({ ...row, answer: JSON.parse(row.answer) as AccountActionAnswer }));
  }

  partitions(): PartitionProgress[] {
    return this.#sql.partitions.all().map((row) => ({
      topic: row.topic,
      partition: row.partition,
      nextOffset: BigInt(row.next_offset),
      workedThroughTo: instantFromMs(row.worked_through_ms),
      watermark: row.watermark,
      knownUpTo: JSON.parse(row.known_up_to ?? '{}') as Record<string, Instant>,
    }));
  }

  sizes(): Sizes {
    const counters = new Map(this.#sql.counters.all().map(({ name, value }) => [name, value]));
    const { questions, actions, sending, parked, objections } = this.#sql.sizes.get()!;
    return {
      bindings: counters.get('bindings') ?? 0,
      applied: counters.get('applied') ?? 0,
      settled: counters.get('settled') ?? 0,
      questions,
      outbox: { waiting: actions - sending - parked, sending, parked },
      objections,
    };
  }

  #knownUpTo(partition: number, carrier: string | null): string | null {
    const known = JSON.parse(this.#sql.knownUpTo.get(partition, this.topic)?.known_up_to ?? '{}') as Record<
      string,
      Instant
    >;
    const upTo = carrier === null ? undefined : known[carrier];
    return upTo === undefined ? null : formatInstant(upTo);
  }
}
