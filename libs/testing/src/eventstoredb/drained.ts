import type { ServerWritableStream } from '@grpc/grpc-js';

const ends = ['drain', 'close', 'cancelled', 'error'] as const;

/** Resolves when the call takes more, or takes nothing more at all. */
export function drained(call: Pick<ServerWritableStream<unknown, unknown>, 'on' | 'off'>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const end of ends) call.off(end, done);
      resolve();
    };
    for (const end of ends) call.on(end, done);
  });
}
