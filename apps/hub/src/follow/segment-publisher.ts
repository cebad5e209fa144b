import { messageTypes, topics } from '@numlife/contracts';
import type { Checkpoint, Clock, FollowerTarget, Message, StorePage, Transport } from '@numlife/event-sourcing';
import type { Checkpoints } from '@numlife/views';
import type { ReferenceData } from './reference-data.js';

const name = 'segment-publisher';
const publishedAtOnceMax = 1_000;
const encoder = new TextEncoder();

/** Publishes the whole segment table, whenever it has changed, to the compacted `numbering.segments.v1`. */
export class SegmentPublisher implements FollowerTarget {
  readonly name = name;
  readonly streams = ['segments'];
  #published = 0;
  constructor(
    private readonly transport: Transport,
    private readonly checkpoints: Checkpoints,
    private readonly reference: ReferenceData,
    private readonly clock: Clock,
  ) {}

  takeOver(): Promise<Checkpoint> {
    return this.checkpoints.takeOver(name);
  }

  async apply(page: StorePage, from: Checkpoint): Promise<void> {
    if (page.events.length > 0) await this.#publish();
    if (from.position !== page.position) await this.checkpoints.move(name, from, page.position);
  }

  async #publish(): Promise<void> {
    await this.reference.upToDate(); // It follows the store by itself, and may be behind this page.
    const version = this.reference.tableVersion();
    if (version === this.#published) return;
    const segments = this.reference.segments();
    for (let from = 0; from < segments.length; from += publishedAtOnceMax) {
      const messages = segments.slice(from, from + publishedAtOnceMax).map((segment): Message => {
        const id = `segment-${segment.prefix}-${segment.tableVersion}`;
        const time = this.clock.now();
        const headers = {
          ce_specversion: '1.0',
          ce_id: id,
          ce_source: '/numlife/hub',
          ce_type: messageTypes.segment,
          ce_time: time,
          'content-type': 'application/json',
        };
        return { key: segment.prefix, headers, value: encoder.encode(JSON.stringify(segment)) };
      });
      await this.transport.publish(topics.segments, messages);
    }
    this.#published = version;
  }
}
