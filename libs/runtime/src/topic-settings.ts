import { type CarrierId, topics } from '@numlife/contracts';
import type { TopicSettings } from '@numlife/event-sourcing';
import type { Configuration } from './configuration.js';

type Partitions = Pick<Configuration, 'REPORT_PARTITIONS'>;
type Topics = Readonly<Record<string, TopicSettings>>;

const weekMs = 7 * 24 * 3_600_000;

/** Those the hub tells on, whoever takes part. */
export const topicsOfHub = ({ REPORT_PARTITIONS: partitions }: Partitions): Topics => ({
  [topics.lifecycle]: { partitions, cleanup: 'compact' },
  [topics.segments]: { partitions: 1, cleanup: 'compact' },
});

/** Those the carriers report on. */
export const topicsOfCarriers = (
  carriers: readonly CarrierId[],
  { REPORT_PARTITIONS: partitions }: Partitions,
): Topics =>
  Object.fromEntries(
    carriers.map((carrier) => [topics.reports(carrier), { partitions, cleanup: 'delete', retentionMs: weekMs }]),
  );
