import type { FindingCode, HolderRef } from '@numlife/contracts';
import { startOfDayAfter } from './calendar.js';
import type { Said, StandingReport } from './facts.js';
import {
  beginMidLife,
  type Change,
  type Ending,
  endGeneration,
  isPresentHolder,
  lastGeneration,
  type Life,
  startGeneration,
} from './life.js';
import { namesThePortThatBroughtIt } from './porting.js';

export interface Effect {
  /** Null: it had no effect. */
  readonly change: Change | null;
  readonly findings: readonly FindingCode[];
}

const effect = (change: Change, ...findings: FindingCode[]): Effect => ({ change, findings });
const nothing = (...findings: FindingCode[]): Effect => ({ change: null, findings });

/** `<KIND>_WHILE_<STATUS>`: nothing happened, because of where the number's life stood. */
const nothingWhile = ({ status }: Life, { said }: StandingReport): Effect =>
  nothing(`${said.kind}_while_${status}`.toUpperCase() as FindingCode);

/**
 * Lets a report of an entitled carrier take effect: the table of the domain rules, a function a row, a case a column.
 * Who serves the number afterwards is not in the table (`porting.ts`).
 */
export function takeEffect(life: Life, report: StandingReport): Effect {
  const { said } = report;
  switch (said.kind) {
    case 'opened':
    case 'holding':
      return opened(life, report, said.holder);
    case 'transferred':
      return transferred(life, report, said);
    case 'suspended':
      return suspended(life, report);
    case 'resumed':
      return resumed(life, report);
    case 'cancelled':
      return cancelled(life, report);
    case 'reclaimed':
      return reclaimed(life, report);
    case 'released':
      return released(life, report);
    case 'ported':
      return ported(life, report, said);
  }
}

function opened(life: Life, report: StandingReport, holder: HolderRef): Effect {
  switch (life.status) {
    case 'unknown':
    case 'released':
      return heldAnew(life, report, holder);
    case 'held':
    case 'suspended':
      return isPresentHolder(life, holder) ? nothingWhile(life, report) : nothing('DOUBLE_ASSIGNMENT');
    case 'quarantined': {
      if (isPresentHolder(life, holder)) return heldAgain(life, 'OPENED_INSTEAD_OF_RECLAIMED');
      const isEarly = endQuarantine(life, report);
      return heldAnew(life, report, holder, isEarly ? 'EARLY_RELEASE' : 'MISSING_RELEASE');
    }
  }
}

function transferred(life: Life, report: StandingReport, said: Extract<Said, { kind: 'transferred' }>): Effect {
  const { effectiveAt: at, fromHolder, holder } = said;
  switch (life.status) {
    case 'unknown':
      beginMidLife(life, report, report.original.beforeGenerationId, fromHolder ?? null);
      life.status = 'held';
      endGeneration(life, { by: 'transferred', at });
      startGeneration(life, report, holder);
      return effect('holder-changed', 'KNOWLEDGE_BEGINS_MID_LIFE');
    case 'held':
    case 'suspended': {
      if (isPresentHolder(life, holder)) return nothing('TRANSFER_TO_SELF');
      const known = lastGeneration(life)!.holder;
      endGeneration(life, { by: 'transferred', at });
      startGeneration(life, report, holder);
      const isMismatch = fromHolder !== undefined && known !== null && fromHolder !== known;
      return isMismatch ? effect('holder-changed', 'TRANSFER_FROM_MISMATCH') : effect('holder-changed');
    }
    case 'quarantined':
    case 'released':
      return nothingWhile(life, report);
  }
}

function suspended(life: Life, report: StandingReport): Effect {
  switch (life.status) {
    case 'unknown':
      return knownFromHere(life, report, 'suspended', 'suspended');
    case 'held':
      life.status = 'suspended';
      return effect('suspended');
    case 'suspended':
    case 'quarantined':
    case 'released':
      return nothingWhile(life, report);
  }
}

function resumed(life: Life, report: StandingReport): Effect {
  switch (life.status) {
    case 'unknown':
      return knownFromHere(life, report, 'held', 'resumed');
    case 'suspended':
      life.status = 'held';
      return effect('resumed');
    case 'held':
    case 'quarantined':
    case 'released':
      return nothingWhile(life, report);
  }
}

function cancelled(life: Life, report: StandingReport): Effect {
  switch (life.status) {
    case 'unknown':
      beginMidLife(life, report, report.original.generationId, null);
      life.status = 'quarantined';
      endGeneration(life, cancellation(report));
      return effect('quarantined', 'KNOWLEDGE_BEGINS_MID_LIFE');
    case 'held':
    case 'suspended':
      life.status = 'quarantined';
      endGeneration(life, cancellation(report));
      return effect('quarantined');
    case 'quarantined':
    case 'released':
      return nothingWhile(life, report);
  }
}

function reclaimed(life: Life, report: StandingReport): Effect {
  switch (life.status) {
    case 'unknown':
      return knownFromHere(life, report, 'held', 'reclaimed');
    case 'quarantined':
      return heldAgain(life);
    case 'held':
    case 'suspended':
    case 'released':
      return nothingWhile(life, report);
  }
}

function released(life: Life, report: StandingReport): Effect {
  switch (life.status) {
    case 'unknown':
      life.status = 'released';
      return effect('released', 'KNOWLEDGE_BEGINS_MID_LIFE');
    case 'quarantined': {
      const isEarly = endQuarantine(life, report);
      life.status = 'released';
      return isEarly ? effect('released', 'EARLY_RELEASE') : effect('released');
    }
    case 'held':
    case 'suspended':
    case 'released':
      return nothingWhile(life, report);
  }
}

function ported(life: Life, report: StandingReport, said: Extract<Said, { kind: 'ported' }>): Effect {
  switch (life.status) {
    case 'unknown':
      return knownFromHere(life, report, 'held', 'ported');
    case 'held':
    case 'suspended': {
      if (said.toCarrier !== life.servingCarrier) return effect('ported');
      return namesThePortThatBroughtIt(life, said) ? nothing() : nothing('PORTED_TO_SELF');
    }
    case 'quarantined':
    case 'released':
      return nothingWhile(life, report);
  }
}

/** A next generation, held. */
function heldAnew(life: Life, report: StandingReport, holder: HolderRef, ...findings: FindingCode[]): Effect {
  startGeneration(life, report, holder);
  life.status = 'held';
  return effect('held', ...findings);
}

/** The cancellation is undone: the same generation goes on. */
function heldAgain(life: Life, ...findings: FindingCode[]): Effect {
  endGeneration(life, null);
  life.status = 'held';
  return effect('reclaimed', ...findings);
}

/** A first generation, whose holder and start are not known. */
function knownFromHere(life: Life, report: StandingReport, status: 'held' | 'suspended', change: Change): Effect {
  beginMidLife(life, report, report.original.generationId, null);
  life.status = status;
  return effect(change, 'KNOWLEDGE_BEGINS_MID_LIFE');
}

function cancellation({ said, recorded, original }: StandingReport): Ending {
  const quarantineEndsAt = startOfDayAfter(said.effectiveAt, recorded.quarantineDays);
  const { reportId } = original;
  return { by: 'cancelled', at: said.effectiveAt, cancellation: reportId, quarantineEndsAt, releasedEarly: false };
}

/** Answers whether the report came before the quarantine's end. */
function endQuarantine(life: Life, { said }: StandingReport): boolean {
  const ended = lastGeneration(life)?.ended;
  if (ended?.by !== 'cancelled') return false;
  const releasedEarly = said.effectiveAt < ended.quarantineEndsAt;
  endGeneration(life, { ...ended, releasedEarly });
  return releasedEarly;
}
