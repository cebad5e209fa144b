import { parseDate, parseInstant } from '@numlife/contracts/validation';
import type { Since } from '@numlife/numbers';

/** A calendar date (Asia/Shanghai) or an RFC 3339 instant with offset; undefined for what is neither. */
export function readSince(text: string): Since | undefined {
  const date = text.length === 10 ? parseDate(text) : undefined;
  if (date !== undefined) return { date };
  const instant = parseInstant(text);
  return instant === undefined ? undefined : { instant };
}
