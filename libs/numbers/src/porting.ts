import type { CarrierId } from '@numlife/contracts';
import type { Said, StandingReport } from './facts.js';
import type { Change, Life, Port } from './life.js';

type PortedSaid = Extract<Said, { kind: 'ported' }>;

/** Of a number's life, as it was before a report took effect. */
export type Before = Readonly<Pick<Life, 'status' | 'servingCarrier' | 'lastPort'>>;

/** Who serves the number after a report that had an effect. */
export function servingAfter({ said, recorded }: StandingReport, before: Before): CarrierId | null {
  if (said.kind === 'ported') return said.toCarrier;
  if (said.kind === 'released') return recorded.rangeHolder;
  const isReporters = before.status === 'unknown' || said.kind === 'opened' || said.kind === 'holding';
  return isReporters ? recorded.carrier : before.servingCarrier;
}

/** The last port after a report that had an effect. */
export function portAfter({ said }: StandingReport, change: Change, before: Before): Port | null {
  if (said.kind === 'ported') {
    const { portOrderId, toCarrier } = said;
    return { portOrderId, toCarrier, donor: before.servingCarrier, broughtIt: true };
  }
  const endsIt = change === 'held' || change === 'released';
  return endsIt && before.lastPort ? { ...before.lastPort, broughtIt: false } : before.lastPort;
}

/** It names the port that brought the number to the carrier that serves it; an opening after it may have taken it elsewhere. */
export const namesThePortThatBroughtIt = ({ lastPort }: Life, { portOrderId, toCarrier }: PortedSaid): boolean =>
  lastPort?.broughtIt === true && lastPort.portOrderId === portOrderId && lastPort.toCarrier === toCarrier;

/** Which carriers have a report of which port in the timeline, whenever effective and whether entitled or not. */
export type PortReports = ReadonlySet<string>;

const portReport = (carrier: CarrierId, { portOrderId, toCarrier }: PortedSaid): string =>
  `${carrier} ${toCarrier} ${portOrderId}`;

export function portReportsOf(reports: readonly StandingReport[]): PortReports {
  const found = new Set<string>();
  for (const { said, recorded } of reports) if (said.kind === 'ported') found.add(portReport(recorded.carrier, said));
  return found;
}

/** Whether a report that took effect is a port of a number in use that only one of donor and recipient has reported. */
export function isUnconfirmedPort({ said }: StandingReport, before: Before, reports: PortReports): boolean {
  const { status, servingCarrier: donor } = before;
  const wasInUse = status === 'held' || status === 'suspended';
  if (said.kind !== 'ported' || !wasInUse || donor === null) return false;
  return reports.has(portReport(donor, said)) !== reports.has(portReport(said.toCarrier, said));
}
