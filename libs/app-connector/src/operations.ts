import { type Clock, type Discarded, epochMsOf, type ParkedMessage, type Transport } from '@numlife/event-sourcing';
import type { ConnectorDatabase } from './database.js';
import type { ParkedOrder } from './protocol.js';
import type { PartitionProgress, ParkedAction, Queries, Sizes } from './queries.js';

export interface OperationsOptions {
  readonly app: string;
  readonly transport: Transport;
  readonly database: ConnectorDatabase;
  readonly clock: Clock;
  readonly queries: Queries;
  readonly onRedriven: () => void;
}

export interface PartitionFlow extends Omit<PartitionProgress, 'nextOffset'> {
  readonly nextOffset: string;
  /** Messages not worked through yet; null while the transport has not seen this connector. */
  readonly lag: number | null;
  readonly parked: number;
}

export interface Flow extends Sizes {
  readonly partitions: readonly PartitionFlow[];
  /** The lowest watermark over all partitions; null until each has one. */
  readonly watermark: string | null;
}

/** A lifecycle message that could not be understood (or waits behind one), or an action that was tried too often. */
export type Parked =
  | {
      readonly id: string;
      readonly kind: 'message';
      readonly topic: string;
      readonly partition: number;
      readonly offset: string;
      readonly reason: string;
      readonly parkedAt: string;
      readonly head: boolean;
    }
  | ({ readonly id: string; readonly kind: 'action'; readonly actionId: string } & Pick<
      ParkedAction,
      'account' | 'action' | 'accountSequence' | 'because' | 'attempts' | 'parkedAt'
    > & { readonly reason: string });

type Order = Pick<ParkedOrder, 'kind' | 'target' | 'reason' | 'by'>;

const messagePrefix = 'message-';
const actionPrefix = 'action-';
const messagesPage = 1_000;

/** What an operator of the app looks at and does. */
export class Operations {
  constructor(private readonly options: OperationsOptions) {}

  async flow(): Promise<Flow> {
    const { app, transport, queries } = this.options;
    const lags = (await transport.lag()).filter(({ group }) => group === app);
    const partitions = queries.partitions().map((progress): PartitionFlow => {
      const lag = lags.find(({ topic, partition }) => topic === progress.topic && partition === progress.partition);
      return {
        ...progress,
        nextOffset: String(progress.nextOffset),
        lag: lag === undefined ? null : Number(lag.messages),
        parked: lag?.parked ?? 0,
      };
    });
    return { ...queries.sizes(), partitions, watermark: lowest(partitions.map(({ watermark }) => watermark)) };
  }

  /** Messages first, then actions; `after` is the id of the last one seen. */
  async parked(after: string | undefined, limit: number): Promise<Parked[]> {
    const { app, transport, queries } = this.options;
    const pastMessages = after?.startsWith(actionPrefix) === true;
    const messages = pastMessages
      ? []
      : await transport.parked({ group: app, limit, ...(after && { after: after.slice(messagePrefix.length) }) });
    const afterPlace = pastMessages ? (placeOf(after) ?? 0) : 0;
    const room = limit - messages.length;
    const actions = room > 0 ? queries.parkedActions(afterPlace, room) : [];
    return [...messages.map(shownMessage), ...actions.map(shownAction)];
  }

  /** Has it tried again, and writes down who wanted it and why. False: nothing of this connector has this id. */
  async redrive(id: string, reason: string, by: string): Promise<boolean> {
    const { transport } = this.options;
    const order = { kind: 'redrive', target: id, reason, by } as const;
    if (id.startsWith(actionPrefix)) return this.#orderAction(order);
    const message = await this.#messageOf(id);
    if (!message) return false;
    await this.#write(order, undefined);
    return transport.redrive(message.id);
  }

  /**
   * Gives it up for good, and writes down who wanted it and why; what waits behind it goes on. An action counts as done. A
   * message's number is asked of the hub at log-ins until something later is told of it.
   */
  async discard(id: string, reason: string, by: string): Promise<Discarded> {
    const { transport } = this.options;
    const order = { kind: 'discard', target: id, reason, by } as const;
    if (id.startsWith(actionPrefix)) return (await this.#orderAction(order)) ? 'discarded' : 'no-such-id';
    const message = await this.#messageOf(id);
    if (!message) return 'no-such-id';
    if (!message.head) return 'only-waits';
    await this.#write(order, undefined);
    return transport.discard(message.id);
  }

  async #orderAction(order: Order): Promise<boolean> {
    const place = placeOf(order.target);
    if (place === undefined) return false;
    const found = await this.#write(order, place);
    if (found) this.options.onRedriven();
    return found;
  }

  async #write(order: Order, place: number | undefined): Promise<boolean> {
    const now = this.options.clock.now();
    return (await this.options.database.submit({ ...order, place, now, nowMs: epochMsOf(now) })).found;
  }

  /** The transport would hand over anybody's. */
  async #messageOf(id: string): Promise<ParkedMessage | undefined> {
    const { app, transport } = this.options;
    if (!id.startsWith(messagePrefix)) return undefined;
    const messageId = id.slice(messagePrefix.length);
    for (let after: string | undefined; ;) {
      const page: ParkedMessage[] = await transport.parked({
        group: app,
        limit: messagesPage,
        ...(after && { after }),
      });
      const found = page.find((message) => message.id === messageId);
      after = page.at(-1)?.id;
      if (found || after === undefined) return found;
    }
  }
}

const placeOf = (id: string): number | undefined => {
  const digits = id.slice(actionPrefix.length);
  return /^[0-9]{1,15}$/.test(digits) ? Number(digits) : undefined;
};

const shownMessage = ({ id, topic, partition, offset, reason, parkedAt, head }: ParkedMessage): Parked => ({
  id: `${messagePrefix}${id}`,
  kind: 'message',
  topic,
  partition,
  offset: String(offset),
  reason,
  parkedAt,
  head,
});

const shownAction = ({ place, id, failure, ...action }: ParkedAction): Parked => ({
  ...action,
  id: `${actionPrefix}${place}`,
  kind: 'action',
  actionId: id,
  reason: failure,
});

const lowest = (watermarks: readonly (string | null)[]): string | null =>
  watermarks.length === 0 || watermarks.includes(null)
    ? null
    : (watermarks as string[]).reduce((low, next) => (BigInt(next) < BigInt(low) ? next : low));
