import type { FastifyRequest } from 'fastify';

export const waitSecondsMax = 60;

/** `Prefer: wait=30` (RFC 7240), in ms, at most a minute; 0 without. */
export function preferredWaitMs({ headers }: FastifyRequest): number {
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})/i.exec(String(headers['prefer'] ?? ''))?.[1];
  return seconds === undefined ? 0 : Math.min(Number(seconds), waitSecondsMax) * 1000;
}
