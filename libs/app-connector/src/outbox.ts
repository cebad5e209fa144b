import type { AccountAction, AccountActionAnswer, BindingState, Instant } from '@numlife/contracts';
import type { Database } from '@numlife/sqlite';
import type { ClaimedAction, DeliverReply, DeliverRequest, ParkedOrder, Settlement } from './protocol.js';

/** What the app is to do with an account, in order, and what it is because of. */
export interface Order {
  readonly account: string;
  /** What the account is in the app before, once everything ordered so far is done; null where that is not sure. */
  readonly before: BindingState | null;
  readonly actions: readonly AccountAction[];
  readonly because: string;
  readonly at: Instant;
  readonly nowMs: number;
  readonly idOf: (action: AccountAction) => string;
}

interface PendingRow {
  readonly place: number;
  readonly action: AccountAction;
  readonly status: 'waiting' | 'sending' | 'parked';
  readonly attempts: number;
  readonly sure_state: BindingState | null;
}

const stateAfter: Readonly<Partial<Record<AccountAction, BindingState>>> = {
  freeze: 'frozen',
  unfreeze: 'active',
  release: 'released',
};

const changesState = ({ action }: PendingRow): boolean => stateAfter[action] !== undefined;
/** It was tried, and will be until it is done or parked. */
const isUnderWay = ({ status, attempts }: PendingRow): boolean => attempts > 0 && status !== 'parked';

// A parameter beside ORDER BY, or min(), makes this SQLite plan the query anew on every call: few rows are sorted here.
const statements = (db: Database) => ({
  pending: db.prepare<[string], PendingRow>(
    'SELECT place, action, status, attempts, sure_state FROM actions WHERE account = ?',
  ),
  insert: db.prepare(
    `INSERT INTO actions (id, account, action, because, at, sure_state, next_attempt_ms, status, head)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)`,
  ),
  dropUnsent: db.prepare("DELETE FROM actions WHERE account = ? AND (attempts = 0 OR status = 'parked')"),
  hurry: db.prepare("UPDATE actions SET next_attempt_ms = ? WHERE account = ? AND status = 'waiting'"),
  dropAll: db.prepare("DELETE FROM actions WHERE account = ? AND status <> 'sending'"),
  dropWhenSent: db.prepare("UPDATE actions SET dropped = 1 WHERE account = ? AND status = 'sending'"),
  dropped: db.prepare<[number], { dropped: number }>('SELECT dropped FROM actions WHERE place = ?'),
  remove: db.prepare<[number], { account: string; action: AccountAction; id: string }>(
    'DELETE FROM actions WHERE place = ? RETURNING account, action, id',
  ),
  promote: db.prepare('UPDATE actions SET head = 1 WHERE place = ?'),
  wait: db.prepare("UPDATE actions SET status = 'waiting', failure = ?, next_attempt_ms = ? WHERE place = ?"),
  park: db.prepare("UPDATE actions SET status = 'parked', failure = ?, parked_at = ? WHERE place = ?"),
  object: db.prepare('INSERT OR REPLACE INTO objections (account, action, id, answer, at) VALUES (?, ?, ?, ?, ?)'),
  agree: db.prepare('DELETE FROM objections WHERE account = ? AND action = ?'),
  due: db.prepare<[number, number], { place: number; account: string; account_sequence: number | null }>(
    `SELECT place, account, account_sequence FROM actions
     WHERE head = 1 AND status = 'waiting' AND next_attempt_ms <= ? ORDER BY next_attempt_ms, place LIMIT ?`,
  ),
  nextDue: db.prepare<[], { next_attempt_ms: number }>(
    "SELECT next_attempt_ms FROM actions WHERE head = 1 AND status = 'waiting' ORDER BY next_attempt_ms, place LIMIT 1",
  ),
  number: db.prepare<[string], { last: number }>(
    `INSERT INTO account_sequences VALUES (?, 1) ON CONFLICT (account) DO UPDATE SET last = last + 1 RETURNING last`,
  ),
  claim: db.prepare<[number, number], ClaimedAction>(
    `UPDATE actions SET status = 'sending', attempts = attempts + 1, account_sequence = ? WHERE place = ?
     RETURNING place, id, account, account_sequence AS accountSequence, action, because, at, attempts`,
  ),
  interrupted: db.prepare<[], { place: number }>("SELECT place FROM actions WHERE status = 'sending'"),
  redrive: db.prepare(
    "UPDATE actions SET status = 'waiting', attempts = 1, next_attempt_ms = ?, parked_at = NULL WHERE place = ? AND status = 'parked'",
  ),
});

/** Actions on their way to the app: of each account one at a time, in order. Lives in the writer's thread. */
export class Outbox {
  readonly #sql: ReturnType<typeof statements>;
  readonly #discard;
  /** The app has ever objected; until then there is nothing to take back. */
  #objected: boolean;
  constructor(db: Database) {
    this.#sql = statements(db);
    this.#discard = db.prepare<[number], { account: string }>(
      "DELETE FROM actions WHERE place = ? AND status = 'parked' RETURNING account",
    );
    this.#objected = db.prepare('SELECT 1 FROM objections LIMIT 1').get() !== undefined;
  }

  /**
   * Adds what is to be done. A change of state supersedes what the account had before it and was never sent; what was tried
   * is sent first, so that the app misses no number. Answers how many were added.
   */
  enqueue(order: Order): number {
    const { account, because, at, nowMs } = order;
    const change = order.actions.find((action) => stateAfter[action] !== undefined);
    let pending = this.#pending(account);
    const sure = change === undefined ? null : this.#supersede(pending, order);
    if (change !== undefined) pending = pending.filter(isUnderWay);
    let added = 0;
    for (const action of order.actions) {
      if (action === change && sure === stateAfter[action]) continue;
      const sureState = action === change ? sure : null;
      const head = pending.length + added === 0 ? 1 : 0;
      this.#sql.insert.run(order.idOf(action), account, action, because, at, sureState, nowMs, head);
      added += 1;
    }
    return added;
  }

  /** Answers what the account is in the app once what was tried is done; null where that is not sure. */
  #supersede(pending: readonly PendingRow[], { account, before, nowMs }: Order): BindingState | null {
    if (pending.length === 0) return before;
    this.#sql.dropUnsent.run(account);
    this.#sql.hurry.run(nowMs, account);
    const superseded = pending.filter((row) => changesState(row) && !isUnderWay(row));
    if (superseded.some(({ status }) => status === 'parked')) return null;
    return superseded.length > 0 ? superseded[0]!.sure_state : before;
  }

  /**
   * Drops all that is still to be done with an account; what is being sent now is not sent again. Answers what the account
   * then surely is in the app, null where an attempt was made whose outcome is not known.
   */
  drop(account: string, before: BindingState | null): BindingState | null {
    const pending = this.#pending(account);
    if (pending.length === 0) return before;
    this.#sql.dropAll.run(account);
    this.#sql.dropWhenSent.run(account);
    const first = pending.find(changesState);
    if (first === undefined) return before;
    return first.attempts > 0 ? null : first.sure_state;
  }

  /** After a restart: whether an action that was being sent arrived is not known, so it is sent again. */
  recover(): void {
    for (const { place } of this.#sql.interrupted.all())
      this.#retry({ place, outcome: 'failed', failure: 'stopped while it was being sent', nextAttemptMs: 0 });
  }

  deliver(request: DeliverRequest): DeliverReply {
    for (const settlement of request.settled) this.#settle(settlement, request.now);
    const claimed: ClaimedAction[] = [];
    for (const due of this.#sql.due.all(request.nowMs, request.claimMax)) {
      const sequence = due.account_sequence ?? this.#sql.number.get(due.account)!.last;
      claimed.push(this.#sql.claim.get(sequence, due.place)!);
    }
    return { claimed, nextDueMs: this.#sql.nextDue.get()?.next_attempt_ms ?? null };
  }

  redrive({ place, nowMs }: ParkedOrder): boolean {
    return place !== undefined && this.#sql.redrive.run(nowMs, place).changes > 0;
  }

  /** Whoever gave it up has seen to the account: it counts as done, and what is behind it has its turn. */
  discard({ place }: ParkedOrder): boolean {
    const given = place === undefined ? undefined : this.#discard.get(place);
    if (given) this.#promote(given.account);
    return given !== undefined;
  }

  #settle(settlement: Settlement, now: Instant): void {
    switch (settlement.outcome) {
      case 'answered':
        return this.#answered(settlement.place, settlement.answer, now);
      case 'failed':
        return this.#retry(settlement);
      case 'given-up': {
        if (this.#isDropped(settlement.place)) return;
        this.#sql.park.run(settlement.failure, now, settlement.place);
      }
    }
  }

  #answered(place: number, answer: AccountActionAnswer, now: Instant): void {
    const { account, action, id } = this.#sql.remove.get(place)!;
    this.#promote(account);
    if (!('done' in answer)) this.#sql.object.run(account, action, id, JSON.stringify(answer), now);
    else if (this.#objected) this.#sql.agree.run(account, action);
    this.#objected ||= !('done' in answer);
  }

  #retry({ place, failure, nextAttemptMs }: Extract<Settlement, { outcome: 'failed' }>): void {
    if (!this.#isDropped(place)) this.#sql.wait.run(failure, nextAttemptMs, place);
  }

  #isDropped(place: number): boolean {
    if (this.#sql.dropped.get(place)!.dropped === 0) return false;
    this.#promote(this.#sql.remove.get(place)!.account);
    return true;
  }

  #promote(account: string): void {
    const [next] = this.#pending(account);
    if (next) this.#sql.promote.run(next.place);
  }

  /** What is still to be done with an account, in order. */
  #pending(account: string): PendingRow[] {
    return this.#sql.pending.all(account).sort((a, b) => a.place - b.place);
  }
}
