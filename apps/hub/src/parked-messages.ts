import { commandFor, type ParkedMessage, type PendingCommand } from '@numlife/event-sourcing';
import { intake, type IntakeEvent, intakeStreamOf, judgingPartition, type LineRef } from '@numlife/numbers';
import { type Caller, ProblemException } from '@numlife/runtime';
import { type HubParts, ingestGroup } from './hub.js';
import { lineOfParked } from './ingest/report-message.js';
import { operationsStream, type ParkedOrder, parkedOrders } from './parked-orders.js';

const pageMax = 1_000;
const givenUp =
  'line: could not be worked through and was given up by an operator of the hub; report it again, under a new reportId';

/** What operators order of parked messages. Recorded first: an order that is carried out stands on record. */
export class ParkedMessages {
  constructor(
    private readonly parts: HubParts,
    private readonly order: (command: PendingCommand) => Promise<unknown>,
  ) {}

  async redrive(parkedId: string, reason: string, by: Caller): Promise<void> {
    const { topic, group } = await this.#find(parkedId);
    await this.#record({ type: 'RedriveOrdered', data: { parkedId, topic, group, reason, by: named(by) } });
    await this.parts.transport.redrive(parkedId);
  }

  /**
   * Gives up a message that was refused; what waits behind it is handed over. A line of a carrier's file gets its receipt
   * all the same, before it is gone.
   */
  async discard(parkedId: string, reason: string, by: Caller): Promise<void> {
    const parked = await this.#find(parkedId);
    if (!parked.head) throw onlyWaits();
    const { topic, group, partition, messageId } = parked;
    const message = { partition, offset: String(parked.offset), messageId, refusedBecause: parked.reason };
    const data = { parkedId, topic, group, ...message, reason, by: named(by) };
    await this.#record({ type: 'DiscardOrdered', data });
    await this.#giveReceipt(parked);
    if ((await this.parts.transport.discard(parkedId)) === 'only-waits') throw onlyWaits();
  }

  async #find(parkedId: string): Promise<ParkedMessage> {
    for (let after: string | undefined; ;) {
      const page = await this.parts.transport.parked({ limit: pageMax, ...(after === undefined ? {} : { after }) });
      const found = page.find(({ id }) => id === parkedId);
      if (found) return found;
      after = page.at(-1)?.id;
      if (after === undefined)
        throw new ProblemException(404, 'UNKNOWN_PARKED_MESSAGE', {
          detail: 'Nothing is parked under this id (any more).',
        });
    }
  }

  async #record(order: ParkedOrder): Promise<void> {
    await this.order(
      commandFor({ stream: operationsStream, decider: parkedOrders, command: order, cause: crypto.randomUUID() }),
    );
  }

  /** On the stream where its partition's owner would have rejected it; copies in every partition are one line. */
  async #giveReceipt(parked: ParkedMessage): Promise<void> {
    const line = parked.group === ingestGroup ? lineOfParked(parked) : undefined;
    if (!line || (await this.#hasReceipt(line.ref))) return;
    const command: IntakeEvent = { type: 'LineRejected', data: { ...line.ref, code: 'MALFORMED', detail: givenUp } };
    const partition = line.everyPartition ? judgingPartition : parked.partition;
    const stream = intakeStreamOf(line.ref.batchId, partition);
    await this.order(commandFor({ stream, decider: intake, command, cause: line.cause }));
  }

  /** It may have been recorded before it came again and was refused. */
  async #hasReceipt({ carrier, batchId, line }: LineRef): Promise<boolean> {
    for (let after: string | undefined; ;) {
      const page = await this.parts.views.receipts({ carrier, batch: batchId, after, limit: pageMax });
      if (page.receipts.some((receipt) => receipt.line === line)) return true;
      if (page.next === null) return false;
      after = page.next;
    }
  }
}

const named = ({ role, id }: Caller): string => `${role}:${id}`;

const onlyWaits = (): ProblemException =>
  new ProblemException(409, 'ONLY_WAITS', {
    detail:
      'It was not refused itself: it waits behind another, and is handed over when that one is done or discarded.',
  });
