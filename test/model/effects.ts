import type { FindingCode, Happening, NumberStatus } from '@numlife/contracts';
import { at, dayOf, startOfDay, type Standing } from './facts.js';

export interface Generation {
  readonly id: string;
  readonly holder: string | null;
  readonly from: number;
  readonly fromKnown: boolean;
  until: number | null;
  endedBy: 'cancelled' | 'transferred' | null;
  readonly continues: boolean;
  /** Of the cancellation that ended it. */
  cancelledBy: string | null;
  restEndsAt: number | null;
  releasedEarly: boolean;
}

/** A number's state while its facts are gone through. */
export interface Life {
  status: NumberStatus;
  serving: string | null;
  readonly generations: Generation[];
  quarantineEndsAt: number | null;
  /** The last port that took effect; its donor is null where it was not known. */
  lastPort: { donor: string | null; order: string; to: string } | null;
  /** "the port that brought it there", until something ends that. */
  broughtBy: { order: string; to: string } | null;
}

export type Did =
  'opened' | 'transferred' | 'suspended' | 'resumed' | 'cancelled' | 'reclaimed' | 'released' | 'ported';
export interface Effect {
  /** Null: the fact has no effect. */
  readonly did: Did | null;
  readonly codes: readonly FindingCode[];
  /** Which cell of the table, and which branch within it. */
  readonly branch: string;
}

type Of<Kind extends Happening['kind']> = Standing & { readonly what: Extract<Happening, { kind: Kind }> };

export const generationIdOf = (carrier: string, reportId: string): string => `generation:${carrier}:${reportId}`;

/** "an unknown holder never counts as equal to any." */
const same = (one: string | null | undefined, other: string | null | undefined): boolean =>
  one !== null && one !== undefined && other !== null && other !== undefined && one === other;

/** "H is the present (or, in quarantine, the last) holder". */
const present = (life: Life): Generation => {
  const last = life.generations.at(-1);
  if (last === undefined) throw new Error(`a ${life.status} number without a generation`);
  return last;
};

const start = (life: Life, fact: Standing, holder: string | null, more: { fromKnown: boolean; id?: string }): void => {
  life.generations.push({
    id: more.id ?? generationIdOf(fact.carrier, fact.original),
    holder,
    from: at(fact.what.effectiveAt),
    fromKnown: more.fromKnown,
    until: null,
    endedBy: null,
    // "A next generation whose holder is that of the generation directly before it is the same holder continuing".
    continues: same(life.generations.at(-1)?.holder, holder),
    cancelledBy: null,
    restEndsAt: null,
    releasedEarly: false,
  });
};

const done = (did: Did, branch: string, ...codes: FindingCode[]): Effect => ({ did, branch, codes });
const nothing = (branch: string, ...codes: FindingCode[]): Effect => ({ did: null, branch, codes });
/** "*nothing, notice* without a name is the notice `<KIND>_WHILE_<STATUS>`". */
const nothingNotice = (life: Life, fact: Standing, branch = 'nothing'): Effect =>
  nothing(branch, `${fact.what.kind}_WHILE_${life.status}`.toUpperCase() as FindingCode);
/** "M is the notice `KNOWLEDGE_BEGINS_MID_LIFE`: the generation's start is not known." */
const m: FindingCode = 'KNOWLEDGE_BEGINS_MID_LIFE';

/** "**Quarantine ends** at 00:00 Asia/Shanghai of (cancellation date + 90 days)." "The 90 is … recorded in the fact." */
const quarantineEnd = (cancelledAt: number, days: number): number =>
  startOfDay(dayOf(startOfDay(dayOf(cancelledAt)) + days * 86_400_000));

/** "before the quarantine's end". */
const early = (life: Life, fact: Standing): boolean => at(fact.what.effectiveAt) < life.quarantineEndsAt!;

const goOn = (life: Life): void => {
  const last = present(life);
  last.until = null;
  last.endedBy = null;
  last.cancelledBy = null;
  last.restEndsAt = null;
  life.quarantineEndsAt = null;
  life.status = 'held';
};

const begin = (life: Life, fact: Of<'opened' | 'holding'>): void => {
  start(life, fact, fact.what.holder, { fromKnown: true });
  life.status = 'held';
  life.quarantineEndsAt = null;
  // "(an `opened` or `holding` that starts a generation, and `released`, end that)"
  life.broughtBy = null;
};

const holderIs = (life: Life, h: string): string => {
  const H = life.generations.at(-1)?.holder;
  if (H === undefined) return 'no generation';
  if (H === null) return 'H unknown';
  return same(H, h) ? 'h=H' : 'h≠H';
};

/** "`holding` does exactly what `opened` does". */
const opened = (life: Life, fact: Of<'opened' | 'holding'>): Effect => {
  const h = fact.what.holder;
  const branch = holderIs(life, h);
  switch (life.status) {
    case 'unknown': // "held, generation 1"
      begin(life, fact);
      return done('opened', branch);
    case 'held':
    case 'suspended':
      // "h = H: nothing, notice. Else nothing, conflict `DOUBLE_ASSIGNMENT`"
      if (same(h, present(life).holder)) return nothingNotice(life, fact, branch);
      return nothing(branch, 'DOUBLE_ASSIGNMENT');
    case 'quarantined': {
      // "h = H: held, same generation goes on, notice `OPENED_INSTEAD_OF_RECLAIMED`."
      if (same(h, present(life).holder)) {
        goOn(life);
        return done('reclaimed', branch, 'OPENED_INSTEAD_OF_RECLAIMED');
      }
      // "Else held, next generation, and violation `EARLY_RELEASE` before the quarantine's end, notice
      // `MISSING_RELEASE` from then on"
      const isEarly = early(life, fact);
      present(life).releasedEarly = isEarly;
      begin(life, fact);
      return done('opened', `${branch}, ${isEarly ? 'early' : 'after'}`, isEarly ? 'EARLY_RELEASE' : 'MISSING_RELEASE');
    }
    case 'released': // "held, next generation"
      begin(life, fact);
      return done('opened', branch);
  }
};

const transferredWhileHeld = (life: Life, fact: Of<'transferred'>): Effect => {
  const { fromHolder: f, holder: h } = fact.what;
  const H = present(life).holder;
  // "h = H: nothing, only the notice `TRANSFER_TO_SELF`"
  if (same(h, H)) return nothing(f === undefined || f === H ? 'h=H' : 'h=H, f≠H', 'TRANSFER_TO_SELF');
  // "next generation, status kept"
  present(life).until = at(fact.what.effectiveAt);
  present(life).endedBy = 'transferred';
  start(life, fact, h, { fromKnown: true });
  // "notice `TRANSFER_FROM_MISMATCH` if f is given and H is known and differs"
  if (f === undefined) return done('transferred', H === null ? 'f absent, H unknown' : 'f absent');
  if (H === null) return done('transferred', 'f given, H unknown');
  return f === H ? done('transferred', 'f=H') : done('transferred', 'f≠H', 'TRANSFER_FROM_MISMATCH');
};

const transferred = (life: Life, fact: Of<'transferred'>): Effect => {
  const { fromHolder: f, holder: h } = fact.what;
  switch (life.status) {
    case 'unknown':
      // "generation 1 (holder f if given) ends, generation 2 starts (also where f = h), held; M"
      // "with `#before` after the report id for the generation that a `transferred` ends on an unknown number"
      start(life, fact, f ?? null, { fromKnown: false, id: `${generationIdOf(fact.carrier, fact.original)}#before` });
      present(life).until = at(fact.what.effectiveAt);
      present(life).endedBy = 'transferred';
      start(life, fact, h, { fromKnown: true });
      life.status = 'held';
      return done('transferred', f === undefined ? 'f absent' : f === h ? 'f=h' : 'f≠h', m);
    case 'held':
    case 'suspended':
      return transferredWhileHeld(life, fact);
    case 'quarantined':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

const suspendedOrResumed = (life: Life, fact: Of<'suspended' | 'resumed'>): Effect => {
  const to = fact.what.kind === 'suspended' ? 'suspended' : 'held';
  switch (life.status) {
    case 'unknown': // "generation 1, suspended; M", "generation 1, held; M"
      start(life, fact, null, { fromKnown: false });
      life.status = to;
      return done(fact.what.kind, 'generation 1', m);
    case 'held':
    case 'suspended':
      // "held → suspended; suspended: nothing, notice", "suspended → held; held: nothing, notice"
      if (life.status === to) return nothingNotice(life, fact);
      life.status = to;
      return done(fact.what.kind, 'changes');
    case 'quarantined':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

const cancelled = (life: Life, fact: Of<'cancelled'>): Effect => {
  switch (life.status) {
    case 'unknown':
    case 'held':
    case 'suspended': {
      // "generation 1 ends, quarantined; M", "quarantined, generation ends"
      const unknown = life.status === 'unknown';
      if (unknown) start(life, fact, null, { fromKnown: false });
      const when = at(fact.what.effectiveAt);
      const ended = present(life);
      ended.until = when;
      ended.endedBy = 'cancelled';
      ended.cancelledBy = fact.original;
      ended.restEndsAt = quarantineEnd(when, fact.quarantineDays);
      life.quarantineEndsAt = ended.restEndsAt;
      life.status = 'quarantined';
      return done('cancelled', 'generation ends', ...(unknown ? [m] : []));
    }
    case 'quarantined':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

const reclaimed = (life: Life, fact: Of<'reclaimed'>): Effect => {
  switch (life.status) {
    case 'unknown': // "generation 1, held; M"
      start(life, fact, null, { fromKnown: false });
      life.status = 'held';
      return done('reclaimed', 'generation 1', m);
    case 'quarantined': // "held, same generation goes on"
      goOn(life);
      return done('reclaimed', 'goes on');
    case 'held':
    case 'suspended':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

const released = (life: Life, fact: Of<'released'>): Effect => {
  switch (life.status) {
    case 'unknown': // "released, no generation; M"
      life.status = 'released';
      life.broughtBy = null;
      return done('released', 'no generation', m);
    case 'quarantined': {
      // "released; violation `EARLY_RELEASE` before the quarantine's end"
      const isEarly = early(life, fact);
      present(life).releasedEarly = isEarly;
      life.status = 'released';
      life.quarantineEndsAt = null;
      life.broughtBy = null;
      return done('released', isEarly ? 'early' : 'after', ...(isEarly ? (['EARLY_RELEASE'] as const) : []));
    }
    case 'held':
    case 'suspended':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

const ported = (life: Life, fact: Of<'ported'>): Effect => {
  const { toCarrier: c, portOrderId: order } = fact.what;
  switch (life.status) {
    case 'unknown': // "generation 1, held, served by c; M"
      start(life, fact, null, { fromKnown: false });
      life.status = 'held';
      life.serving = c;
      life.lastPort = { donor: null, order, to: c };
      life.broughtBy = { order, to: c };
      return done('ported', 'generation 1', m);
    case 'held':
    case 'suspended':
      // "if c already serves: nothing, and notice `PORTED_TO_SELF` unless `portOrderId` is that of the port that
      // brought it there"
      if (c === life.serving) {
        if (order === life.broughtBy?.order && c === life.broughtBy.to) return nothing('c serves, its port');
        return nothing('c serves, other port', 'PORTED_TO_SELF');
      }
      // "served by c"
      life.lastPort = { donor: life.serving, order, to: c };
      life.broughtBy = { order, to: c };
      life.serving = c;
      return done('ported', 'served by c');
    case 'quarantined':
    case 'released': // "nothing, notice"
      return nothingNotice(life, fact);
  }
};

/** The column `What it does` of the table; the fact's carrier is entitled. */
export const whatItDoes = (life: Life, fact: Standing): Effect => {
  switch (fact.what.kind) {
    case 'opened':
    case 'holding':
      return opened(life, fact as Of<'opened'>);
    case 'transferred':
      return transferred(life, fact as Of<'transferred'>);
    case 'suspended':
    case 'resumed':
      return suspendedOrResumed(life, fact as Of<'suspended'>);
    case 'cancelled':
      return cancelled(life, fact as Of<'cancelled'>);
    case 'reclaimed':
      return reclaimed(life, fact as Of<'reclaimed'>);
    case 'released':
      return released(life, fact as Of<'released'>);
    case 'ported':
      return ported(life, fact as Of<'ported'>);
  }
};
