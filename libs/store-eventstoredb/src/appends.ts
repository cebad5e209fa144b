import type { BinaryEventType, EventData } from '@eventstore/db-client';
import { noStream, type WriteResult } from '@numlife/event-sourcing';
import type { Connection } from './connection.js';
import { typeOf } from './failures.js';
import type { Slots } from './slots.js';

export interface Append {
  readonly stream: string;
  readonly expected: bigint;
  readonly events: readonly EventData<BinaryEventType>[];
}

/** Appends to one stream at an exact revision, repeated with the same ids until its outcome is known. */
export class Appends {
  constructor(
    private readonly connection: Connection,
    private readonly slots: Slots,
  ) {}

  append({ stream, expected, events }: Append): Promise<WriteResult> {
    const expectedRevision = expected === noStream ? ('no_stream' as const) : expected;
    return this.slots.run(() =>
      this.connection.call(async (client) => {
        try {
          await client.appendToStream(stream, [...events], { expectedRevision });
          return { outcome: 'appended', revision: expected + BigInt(events.length) };
        } catch (error) {
          if (typeOf(error) !== 'wrong-expected-version') throw error;
          const { actualVersion } = error as { actualVersion: bigint | 'no_stream' };
          return { outcome: 'conflict', revision: actualVersion === 'no_stream' ? noStream : actualVersion };
        }
      }),
    );
  }
}
