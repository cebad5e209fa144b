import { type Advice, type BindingPolicy, type Ground, groundOf, groundOfAnswer, judge } from '@numlife/bindings';
import type { AccountAction, BindingState, Instant, LifecycleMessage, Token } from '@numlife/contracts';
import { epochMsOf } from '@numlife/event-sourcing';
import { createPrivacy } from '@numlife/privacy';
import type { Database } from '@numlife/sqlite';
import type { Outbox } from './outbox.js';
import type { AnsweredQuestion, PutBinding, PutReply } from './protocol.js';
import { type KnownNumber, toldReader } from './told-table.js';
import { TokenFilter } from './token-filter.js';

interface BindingRow {
  readonly account: string;
  readonly token: Token;
  readonly verified_at: Instant;
  readonly state: BindingState;
  /** Advice, separated by commas. */
  readonly asked: string;
}

/** Why a binding is judged now, and when. `name` is unique for the account: ids of actions are made of it. */
interface Cause {
  readonly name: string;
  readonly because: string;
  readonly now: Instant;
}

/** What stands already of the account and of the number of a binding put in. */
interface Known {
  readonly before: BindingRow | undefined;
  readonly told: KnownNumber | undefined;
}

const statements = (db: Database) => ({
  byToken: db.prepare<[string], BindingRow>(
    'SELECT account, token, verified_at, state, asked FROM bindings WHERE token = ?',
  ),
  byAccount: db.prepare<[string], BindingRow>(
    'SELECT account, token, verified_at, state, asked FROM bindings WHERE account = ?',
  ),
  store: db.prepare(
    'INSERT OR REPLACE INTO bindings (account, token, verified_at, state, asked) VALUES (?, ?, ?, ?, ?)',
  ),
  update: db.prepare('UPDATE bindings SET state = ?, asked = ? WHERE token = ? AND account = ?'),
  remove: db.prepare('DELETE FROM bindings WHERE account = ?'),
  ask: db.prepare('INSERT OR REPLACE INTO questions (account, token, verified_at, sealed_number) VALUES (?, ?, ?, ?)'),
  dropQuestion: db.prepare('DELETE FROM questions WHERE account = ?'),
  workedThrough: db.prepare<[], { ms: number | null }>('SELECT max(worked_through_ms) AS ms FROM partitions'),
  count: db.prepare<[string, number], { value: number }>(
    `INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
  ),
});

const { uuidV5 } = createPrivacy({});
const isSame = (before: BindingRow, { token, verifiedAt }: PutBinding): boolean =>
  before.token === token && before.verified_at === verifiedAt;

/**
 * Of a binding about whose number nothing was told: something may have happened to it that is not told any more. A frozen
 * one was frozen on the hub's answer, and is in order again only on its answer, however lately it was verified.
 */
const isToAsk = ({ verifiedAt }: PutBinding, before: BindingRow | undefined, workedThroughMs: number): boolean =>
  epochMsOf(verifiedAt) < workedThroughMs || before?.state === 'frozen';

/** Keeps bindings and judges them whenever something about them is new. Lives in the writer's thread. */
export class BindingTable {
  readonly #sql: ReturnType<typeof statements>;
  readonly #told: ReturnType<typeof toldReader>;
  readonly #bound = new TokenFilter();
  constructor(
    db: Database,
    private readonly outbox: Outbox,
    private readonly app: string,
    private readonly policy: BindingPolicy,
  ) {
    this.#sql = statements(db);
    this.#told = toldReader(db);
    for (const token of db.prepare<[], string>('SELECT token FROM bindings').pluck().iterate()) this.#bound.add(token);
  }

  /** A state was told about a number. Answers how many actions follow. */
  apply(told: LifecycleMessage, now: Instant): number {
    let actions = 0;
    if (!this.#bound.mayHave(told.token)) return 0;
    for (const binding of this.#sql.byToken.all(told.token))
      actions += this.#judge(binding, groundOf(binding.verified_at, told), {
        name: `told ${told.token} ${told.version}`,
        because: told.change,
        now,
      });
    return actions;
  }

  put(bindings: readonly PutBinding[], now: Instant): PutReply {
    const workedThroughMs = this.#sql.workedThrough.get()?.ms ?? 0;
    const reply = { actions: 0, questions: 0 };
    let added = 0;
    let put = this.count('puts', bindings.length) - bindings.length;
    for (const binding of bindings) {
      put += 1;
      const before = this.#sql.byAccount.get(binding.account);
      if (before && isSame(before, binding)) continue;
      const told = this.#told(binding.token);
      if (!before) added += 1;
      reply.actions += this.#putOne(binding, { before, told }, { name: `put ${put}`, because: 'binding-put', now });
      if (told || !isToAsk(binding, before, workedThroughMs)) continue;
      this.#sql.ask.run(binding.account, binding.token, binding.verifiedAt, binding.sealedNumber);
      reply.questions += 1;
    }
    if (added > 0) this.count('bindings', added);
    return reply;
  }

  /** The hub's answers; those that have been overtaken by what was told, or by another verification, change nothing. */
  answer(answered: readonly AnsweredQuestion[], now: Instant): number {
    let actions = 0;
    for (const { account, token, verifiedAt, answer } of answered) {
      const binding = this.#sql.byAccount.get(account);
      if (!binding || binding.token !== token || binding.verified_at !== verifiedAt) continue;
      this.#sql.dropQuestion.run(account);
      if (this.#told(token)) continue;
      const cause = { name: `answer ${this.count('answers', 1)}`, because: 'binding-put', now };
      actions += this.#judge(binding, groundOfAnswer(answer), cause);
    }
    return actions;
  }

  delete(account: string): boolean {
    this.outbox.drop(account, null);
    this.#sql.dropQuestion.run(account);
    const deleted = this.#sql.remove.run(account).changes > 0;
    if (deleted) this.count('bindings', -1);
    return deleted;
  }

  /** Adds to a counter that is kept beside the effects; answers its value. */
  count(name: string, by: number): number {
    return this.#sql.count.get(name, by)!.value;
  }

  #putOne(binding: PutBinding, { before, told }: Known, cause: Cause): number {
    const kept = before ? this.#verifyAgain(before, binding, cause) : { row: this.#store(binding), actions: 0 };
    if (before) this.#sql.dropQuestion.run(binding.account);
    return kept.actions + (told ? this.#judge(kept.row, groundOf(binding.verifiedAt, told), cause) : 0);
  }

  #store(binding: PutBinding): BindingRow {
    this.#bound.add(binding.token);
    this.#sql.store.run(binding.account, binding.token, binding.verifiedAt, 'active', '');
    return { ...binding, verified_at: binding.verifiedAt, state: 'active', asked: '' };
  }

  #verifyAgain(before: BindingRow, binding: PutBinding, cause: Cause): { row: BindingRow; actions: number } {
    const newer = binding.verifiedAt > before.verified_at;
    if (before.token !== binding.token || (newer && before.state === 'released'))
      return this.#bindAnew(before, binding, cause);
    const asked = newer ? '' : before.asked;
    this.#sql.store.run(binding.account, binding.token, binding.verifiedAt, before.state, asked);
    return { row: { ...before, verified_at: binding.verifiedAt, asked }, actions: 0 };
  }

  /** Another number, or a released account bound again: what was ordered for the old binding must not hit the new one. */
  #bindAnew(before: BindingRow, binding: PutBinding, cause: Cause): { row: BindingRow; actions: number } {
    const inApp = this.outbox.drop(before.account, before.state);
    const row = this.#store(binding);
    if (inApp !== 'frozen' && inApp !== null) return { row, actions: 0 };
    return { row, actions: this.#order(before.account, inApp, ['unfreeze'], cause) };
  }

  #judge(binding: BindingRow, ground: Ground, cause: Cause): number {
    const history = {
      verifiedAt: binding.verified_at,
      state: binding.state,
      asked: (binding.asked === '' ? [] : binding.asked.split(',')) as Advice[],
    };
    const judgement = judge(history, ground, this.policy);
    const asked = judgement.asked.join(',');
    if (judgement.state !== binding.state || asked !== binding.asked)
      this.#sql.update.run(judgement.state, asked, binding.token, binding.account);
    return this.#order(binding.account, binding.state, judgement.actions, cause);
  }

  #order(account: string, before: BindingState | null, actions: readonly AccountAction[], cause: Cause): number {
    if (actions.length === 0) return 0;
    return this.outbox.enqueue({
      account,
      before,
      actions,
      because: cause.because,
      at: cause.now,
      nowMs: epochMsOf(cause.now),
      idOf: (action) => uuidV5(this.app, account, cause.name, action),
    });
  }
}
