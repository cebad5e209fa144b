import type { Instant, RecycledAnswer, Token } from '@numlife/contracts';
import { type Clock, InfrastructureFailure, invariant } from '@numlife/event-sourcing';
import type { ConnectorDatabase } from './database.js';
import { type HubQuestions, questionsMax, type RecycledQuestion } from './hub-questions.js';
import type { NumberKeys } from './number-keys.js';
import { Bell, type Wait } from './waiting.js';

export interface AskerOptions {
  readonly database: ConnectorDatabase;
  readonly hub: HubQuestions;
  readonly keys: NumberKeys;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly onActions: () => void;
}

interface QuestionRow {
  readonly account: string;
  readonly token: Token;
  readonly verified_at: Instant;
  readonly sealed_number: string;
}

const longMs = 60 * 60 * 1000;
const retryFirstMs = 1_000;
const retryMaxMs = 60_000;

/** Asks the hub about bindings that were put in when nothing had been told about their numbers; later, while it is away. */
export class Asker {
  readonly #bell = new Bell();
  readonly #next;
  constructor(private readonly options: AskerOptions) {
    this.#next = options.database.reader.prepare<[number], QuestionRow>(
      'SELECT account, token, verified_at, sealed_number FROM questions ORDER BY account LIMIT ?',
    );
  }

  wake(): void {
    this.#bell.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const rows = this.#next.all(questionsMax);
      if (rows.length === 0) {
        await this.#bell.sleep(longMs, signal, this.options.wait);
        continue;
      }
      try {
        await this.#ask(rows, signal);
        failures = 0;
      } catch (error) {
        if (!(error instanceof InfrastructureFailure && error.retriable)) throw error;
        failures += 1;
        await this.options.wait(Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(failures - 1, 10)), signal);
      }
    }
  }

  async #ask(rows: readonly QuestionRow[], signal: AbortSignal): Promise<void> {
    const { keys, hub, database, clock, onActions } = this.options;
    const numbers = rows.map((row) => keys.open(row.sealed_number, row.account));
    const questions = rows.flatMap(({ verified_at: since }, index): RecycledQuestion[] => {
      const number = numbers[index];
      return number ? [{ number, since }] : [];
    });
    const answers = questions.length === 0 ? [] : await hub.recycled(questions, signal);
    invariant(answers.length === questions.length, 'the hub gave another number of answers than it was asked');
    const inOrder = answers.values();
    const answered = rows.map(({ account, token, verified_at: verifiedAt }, index) => ({
      account,
      token,
      verifiedAt,
      answer: numbers[index] ? inOrder.next().value! : unaskable,
    }));
    const { actions } = await database.submit({ kind: 'answer', answered, now: clock.now() });
    if (actions > 0) onActions();
  }
}

/** Its number was sealed under a key that is lost: nobody can ask, and a log-in will. */
const unaskable: Pick<RecycledAnswer, 'answer' | 'reason'> = { answer: 'cannot-tell', reason: 'UNKNOWN_NUMBER' };
