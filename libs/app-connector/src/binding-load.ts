import type { Instant } from '@numlife/contracts';
import { type Objection, readBinding } from './binding-input.js';
import type { BindingLine } from './binding-lines.js';
import type { NumberKeys } from './number-keys.js';
import type { PutBinding } from './protocol.js';

export interface Rejection extends Objection {
  readonly line: number;
}

export interface Loaded {
  /** Lines with something on them, the header apart. */
  readonly received: number;
  readonly stored: number;
  /** The first of them, at most `rejectedShownMax`; `received - stored` is how many there were. */
  readonly rejected: readonly Rejection[];
}

export interface BindingLoadOptions {
  readonly keys: NumberKeys;
  /** A verification cannot be later. */
  readonly latest: () => Instant;
  /** Resolves when they are durable. */
  readonly put: (bindings: readonly PutBinding[]) => Promise<void>;
}

export const rejectedShownMax = 1_000;
const bindingsAtOnce = 1_000;

/** Takes bindings line by line and stores them many at a time. What is not stored yet is bounded by two such lots. */
export class BindingLoad {
  #received = 0;
  #stored = 0;
  readonly #rejected: Rejection[] = [];
  #lot: PutBinding[] = [];
  #underWay: Promise<void> = Promise.resolve();
  constructor(private readonly options: BindingLoadOptions) {}

  async take(cut: BindingLine): Promise<void> {
    this.#received += 1;
    if ('unreadable' in cut) return this.#reject(cut.line, { field: 'line', detail: cut.unreadable });
    const read = readBinding(cut.value, this.options.latest());
    if (read.outcome === 'rejected') return this.#reject(cut.line, read.objection);
    const { account, number, verifiedAt } = read.binding;
    const { keys } = this.options;
    this.#lot.push({ account, verifiedAt, token: keys.tokenOf(number), sealedNumber: keys.seal(number, account) });
    if (this.#lot.length === bindingsAtOnce) await this.#store();
  }

  async finish(): Promise<Loaded> {
    if (this.#lot.length > 0) await this.#store();
    await this.#underWay;
    return { received: this.#received, stored: this.#stored, rejected: this.#rejected };
  }

  async #store(): Promise<void> {
    await this.#underWay;
    const lot = this.#lot;
    this.#lot = [];
    this.#underWay = this.options.put(lot).then(() => {
      this.#stored += lot.length;
    });
    // It is awaited before the next lot; until then its failure is nobody's surprise.
    this.#underWay.catch(() => undefined);
  }

  #reject(line: number, objection: Objection): void {
    if (this.#rejected.length < rejectedShownMax) this.#rejected.push({ line, ...objection });
  }
}
