import fc from 'fast-check';
import type { Said } from '../../model/facts.js';
import { history } from '../../model/histories.js';
import type { Incoming } from '../../model/reference.js';

export const carriers = ['ct', 'cm', 'cu', 'cbn', 'mv1'] as const;
export type Carrier = (typeof carriers)[number];

/** A public prefix of each carrier's own; of the MVNO one that the sample segment file assigns to it. */
const prefixes: Readonly<Record<Carrier, string>> = { ct: '133', cm: '139', cu: '130', cbn: '192', mv1: '1703' };

/** A number with the reports that will come in about it, in their order, as the model drew them. */
export interface Cast {
  readonly number: string;
  readonly rangeHolder: Carrier;
  readonly reports: readonly { readonly carrier: Carrier; readonly said: Said }[];
}

export const numberOf = (home: Carrier, place: number): string =>
  prefixes[home] + String(place).padStart(11 - prefixes[home].length, '0');

/** The model's range holder is `ct`; here it changes places with the number's own. */
const movedTo =
  (home: Carrier) =>
  (carrier: string): Carrier =>
    (carrier === 'ct' ? home : carrier === home ? 'ct' : carrier) as Carrier;

function recast(said: Said, place: number, moved: (carrier: string) => Carrier): Said {
  const happening = <What extends object>(what: What): What =>
    'toCarrier' in what ? { ...what, toCarrier: moved(what.toCarrier as string) } : what;
  const reportId = `${place}-${said.reportId}`;
  if (said.kind !== 'corrected') return happening({ ...said, reportId });
  const { corrects, replacement } = said;
  const replaced = replacement === undefined ? {} : { replacement: happening(replacement) };
  return { ...said, reportId, corrects: `${place}-${corrects}`, ...replaced } as Said;
}

/** Numbers of all carriers with generated histories; the same seed gives the same. */
export function drawCast(seed: number, count: number): Cast[] {
  return fc.sample(history, { seed, numRuns: count }).map((reports: Incoming[], place) => {
    const home = carriers[place % carriers.length]!;
    const moved = movedTo(home);
    return {
      number: numberOf(home, seed * 10_000 + place),
      rangeHolder: home,
      reports: reports.map(({ carrier, report }) => ({ carrier: moved(carrier), said: recast(report, place, moved) })),
    };
  });
}

const digits = (value: number, places: number): string => String(Math.abs(Math.trunc(value))).padStart(places, '0');

/** The same instant, written another way each time: other offsets, more or fewer digits of a second. */
export function written(instant: string, way: number): string {
  const ms = Date.parse(instant);
  const offset = [480, 0, -330, 345, 480][way % 5]!;
  const local = new Date(ms + offset * 60_000).toISOString();
  const zone =
    offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${digits(offset / 60, 2)}:${digits(Math.abs(offset) % 60, 2)}`;
  const fraction = local.slice(19, 23);
  const shown = fraction === '.000' && way % 2 === 0 ? '' : way % 3 === 0 ? `${fraction}000000` : fraction;
  return local.slice(0, 19) + shown + zone;
}

const holderKey = (name: string): string => `hk1_${name.repeat(8).slice(0, 24)}`.padEnd(28, '_');

/** The number as carriers write it. */
const numberWritten = (number: string, way: number): string => ['', '+86', '86'][way % 3]! + number;

/** What a carrier sends for it. */
export function wire(said: Said, number: string, way: number): Record<string, unknown> {
  const happening = (what: Record<string, unknown>): Record<string, unknown> => ({
    ...what,
    effectiveAt: written(what['effectiveAt'] as string, way),
    ...(what['holder'] === undefined ? {} : { holder: holderKey(what['holder'] as string) }),
    ...(what['fromHolder'] === undefined ? {} : { fromHolder: holderKey(what['fromHolder'] as string) }),
  });
  const common = { number: numberWritten(number, way), ...(way % 4 === 0 ? { reportedAt: written(now, way) } : {}) };
  if (said.kind !== 'corrected') return { ...happening({ ...said }), ...common };
  const { replacement, ...rest } = said;
  return { ...rest, ...common, ...(replacement === undefined ? {} : { replacement: happening({ ...replacement }) }) };
}
const now = '2026-01-01T00:00:00.000Z';
