import type { Logger } from './logging.js';

/** Runs the steps in order, each whatever became of the one before; gives up, and says so, after the bound. */
export async function stopWithin(
  timeoutMs: number,
  logger: Logger,
  steps: readonly { readonly name: string; readonly stop: () => Promise<unknown> }[],
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, timeoutMs);
  });
  const all = (async () => {
    for (const { name, stop } of steps) {
      await stop().catch((error: unknown) => {
        logger.error({ err: error, step: name }, 'stopping failed');
      });
    }
    return true as const;
  })();
  const stopped = await Promise.race([all, timeout]);
  clearTimeout(timer);
  if (!stopped) logger.error({ timeoutMs }, 'not stopped in time; what is left is picked up at the next start');
  return stopped;
}
