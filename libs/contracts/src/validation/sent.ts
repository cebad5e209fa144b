import type { Instant } from '../ids.js';
import type { ListedFinding } from '../findings.js';
import type { Receipt } from '../receipts.js';
import { formatInstant, parseInstant } from './instants.js';

/** As it is sent: its instants in Shanghai time. */
export const sentReceipt = <Of extends Receipt>(receipt: Of) => ({
  ...receipt,
  recordedAt: formatInstant(receipt.recordedAt),
});

export const sentFinding = <Of extends ListedFinding>(finding: Of) => ({
  ...finding,
  at: formatInstant(finding.at),
  ...(finding.endedAt === undefined ? {} : { endedAt: formatInstant(finding.endedAt) }),
});

/** The instant that was sent so. Throws for what is none: whoever sent it is one of our processes. */
export function readSent(text: unknown): Instant {
  const instant = typeof text === 'string' ? parseInstant(text) : undefined;
  if (instant === undefined) throw new TypeError('takes an RFC 3339 instant with offset');
  return instant;
}
