import type { RejectionCode } from '@numlife/contracts';
import { type Said, recorded } from '../line.js';
import type { Story } from '../story.js';
import { type Scenario, scenario } from './scenario.js';

/** An instant that is ahead of every clock this will ever run under. */
const farAhead = '2199-12-31T00:00:00+08:00';
const reportLineBytes = 8 * 1024;
/** Numbers in a row among which a shared report id turns up again. */
const sharedAmong = 20_000;

interface BadLine {
  readonly name: string;
  readonly code: RejectionCode;
  readonly said: Omit<Said, 'at'>;
  /** What stands in the file instead of what should. */
  readonly cells: Readonly<Record<string, string>>;
}

const suspended = { kind: 'suspended', reason: 'lost' } as const;
const opened = { kind: 'opened', holder: 0 } as const;
const cancelled = { kind: 'cancelled', reason: 'subscriber' } as const;
const ported = { kind: 'ported', toCarrier: 'cm', portOrderId: 'P-1' } as const;

const bad = (
  name: string,
  said: Omit<Said, 'at'>,
  cells: Readonly<Record<string, string>>,
  code: RejectionCode = 'MALFORMED',
): BadLine => ({ name, code, said, cells });

const notApplicable = (name: string, number: string): BadLine =>
  bad(name, suspended, { number }, 'SERVICE_NOT_APPLICABLE');

const badLines: readonly BadLine[] = [
  bad('instant-without-offset', suspended, { effectiveAt: '2026-02-03T10:00:00' }),
  bad('day-that-does-not-exist', suspended, { effectiveAt: '2026-02-30T10:00:00+08:00' }),
  bad('hour-that-does-not-exist', suspended, { effectiveAt: '2026-02-03T25:00:00+08:00' }),
  bad('date-instead-of-an-instant', suspended, { effectiveAt: '2026-02-03' }),
  bad('instant-missing', suspended, { effectiveAt: '' }),
  bad('reported-at-without-offset', suspended, { reportedAt: '2026-02-03 10:00' }),
  bad('holder-too-short', opened, { holder: 'hk1_short' }),
  bad('holder-not-a-key', opened, { holder: 'ZHANG-SAN-0123456789' }),
  bad('holder-missing', opened, { holder: '' }),
  bad('number-missing', suspended, { number: '' }),
  bad('number-in-full-width-digits', suspended, { number: '１３８００１３８０００' }),
  bad('number-with-letters', suspended, { number: '1380013800O' }),
  bad('number-of-21-digits', suspended, { number: '138001380001380013800' }),
  bad('kind-unknown', suspended, { kind: 'closed' }),
  bad('kind-missing', suspended, { kind: '' }),
  bad('field-of-another-kind', cancelled, { holder: 'hk1_0123456789abcdef' }),
  bad('reason-missing', cancelled, { reason: '' }),
  bad('reason-unknown', cancelled, { reason: 'bored' }),
  bad('report-id-missing', suspended, { reportId: '' }),
  bad('report-id-with-a-space', suspended, { reportId: 'report 1' }),
  bad('report-id-too-long', suspended, { reportId: 'r'.repeat(65) }),
  bad('port-order-missing', ported, { portOrderId: '' }),
  bad('carrier-by-its-name', ported, { toCarrier: 'China Mobile' }),
  bad('correction-with-a-time-of-its-own', { kind: 'corrected', corrects: 'r-1' }, { effectiveAt: farAhead }),
  bad('correction-as-replacement', { kind: 'corrected', corrects: 'r-1' }, { 'replacement.kind': 'corrected' }),
  bad('line-too-long', suspended, { reason: 'x'.repeat(reportLineBytes) }),
  bad('carrier-nobody-admitted', ported, { toCarrier: 'nobody' }, 'UNKNOWN_CARRIER'),
  bad('effective-in-the-future', suspended, { effectiveAt: farAhead }, 'EFFECTIVE_IN_FUTURE'),
  notApplicable('iot-number-of-13-digits', '1064912345678'),
  notApplicable('iot-number-of-13-digits-in-e164', '+861064912345678'),
  notApplicable('landline', '01065551234'),
  notApplicable('number-of-15-digits', '700123456789012'),
  notApplicable('satellite-number', '13491234567'),
  notApplicable('foreign-number', '+85251234567'),
  notApplicable('unallocated-number', '12012345678'),
  notApplicable('short-number', '10086'),
];

const rejectedAlone = ({ name, code, said, cells }: BadLine): Scenario =>
  scenario(name, 'held', 0, (story) => {
    story.isRejected(code, story.life.serving, { ...said, at: story.moment() }, { cells });
  });

/** A rejected report does not use up its id. */
const sentRight = scenario('rejected-then-sent-right', 'held', 8, (story) => {
  const { life } = story;
  const said = { ...suspended, at: story.moment() };
  const cells = { effectiveAt: '2026-02-03T10:00:00' };
  const { reportId } = story.isRejected('MALFORMED', life.serving, said, { cells });
  story.add({ by: life.serving, filed: story.day, said, reportId, expected: recorded([]) });
  story.advance(1, 5);
  story.states({ kind: 'resumed' });
});

const rejectedTwice = scenario('rejected-twice', 'held', 1, (story) => {
  const said = { ...suspended, at: story.moment() };
  const cells = { number: '02155551234' };
  const { reportId } = story.isRejected('SERVICE_NOT_APPLICABLE', story.life.serving, said, { cells });
  story.advance(1);
  story.isRejected('SERVICE_NOT_APPLICABLE', story.life.serving, said, { cells, reportId });
});

const suspendedThen = (story: Story, spoils: (reportId: string, at: number) => void): void => {
  const { at, line } = story.states(suspended);
  story.advance(1, 3);
  spoils(line.reportId, at);
  story.advance(1, 3);
  story.states({ kind: 'resumed' });
};

const idReused = scenario('report-id-reused', 'held', 8, (story) => {
  suspendedThen(story, (reportId, at) => {
    story.isRejected('REPORT_ID_REUSED', story.life.serving, { ...suspended, at, reason: 'arrears' }, { reportId });
  });
});

const idReusedForAnother = scenario('report-id-reused-for-another-kind', 'held', 8, (story) => {
  suspendedThen(story, (reportId) => {
    const said = { kind: 'resumed', at: story.moment() } as const;
    story.isRejected('REPORT_ID_REUSED', story.life.serving, said, { reportId });
  });
});

const replacementAhead = scenario('replacement-in-the-future', 'held', 8, (story) => {
  suspendedThen(story, (corrects, at) => {
    const said: Said = { kind: 'corrected', corrects, replacement: { ...suspended, at } };
    const cells = { 'replacement.effectiveAt': farAhead };
    story.isRejected('EFFECTIVE_IN_FUTURE', story.life.serving, said, { cells });
  });
});

/** The same id on another number is no matter for a receipt. */
const idShared = scenario('report-id-shared-with-another-number', 'held', 5, (story) => {
  const { life, place } = story;
  const reportId = `${life.serving}-shared-${Math.floor(place.index / sharedAmong)}`;
  const said = { ...suspended, at: story.moment() };
  story.add({ by: life.serving, filed: story.day, said, reportId, expected: recorded([]) });
  story.advance(1, 3);
  story.states({ kind: 'resumed' });
});

export const rejectionScenarios: readonly Scenario[] = [
  ...badLines.map(rejectedAlone),
  sentRight,
  rejectedTwice,
  idReused,
  idReusedForAnother,
  replacementAhead,
  idShared,
];
