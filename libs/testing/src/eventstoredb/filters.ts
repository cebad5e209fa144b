import type streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordHead } from './log-reader.js';

export interface RecordFilter {
  matches(record: RecordHead): boolean;
  /** Records considered in one page. */
  readonly window: number;
  /** Records considered between two checkpoints. */
  readonly checkpointInterval: number;
}

/** Hits in one page, as the real server reads them. */
export const pageRecordsMax = 32;

export function filterOf(options: streamsPb.ReadReq.Options): RecordFilter | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const byStream = filter.getStreamIdentifier();
  const holds = conditionOf(byStream ?? filter.getEventType()!);
  const window = filter.hasMax() ? filter.getMax() : pageRecordsMax;
  return {
    window,
    checkpointInterval: window * filter.getCheckpointintervalmultiplier(),
    matches: byStream ? ({ name }) => holds(name) : ({ type }) => holds(type),
  };
}

function conditionOf(expression: streamsPb.ReadReq.Options.FilterOptions.Expression): (text: string) => boolean {
  const prefixes = expression.getPrefixList();
  if (prefixes.length > 0) return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  const regex = new RegExp(expression.getRegex());
  return (text) => regex.test(text);
}
