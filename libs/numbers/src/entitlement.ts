import type { CarrierId } from '@numlife/contracts';
import type { Said, StandingReport } from './facts.js';
import type { Life } from './life.js';

/** Whether the reporting carrier may say this of a number at this point of its life. */
export function isEntitled(life: Life, report: StandingReport, firstReporter: CarrierId): boolean {
  const { said, recorded } = report;
  const { carrier, rangeHolder } = recorded;
  switch (life.status) {
    case 'unknown':
      return carrier === rangeHolder || carrier === firstReporter;
    case 'held':
    case 'suspended':
      return carrier === life.servingCarrier || isRecipient(said, carrier) || isLastDonor(life, said, carrier);
    case 'quarantined':
      return carrier === life.servingCarrier || carrier === rangeHolder || isRecipient(said, carrier);
    case 'released':
      return carrier === rangeHolder || isRecipient(said, carrier);
  }
}

const isRecipient = (said: Said, carrier: CarrierId): boolean => said.kind === 'ported' && said.toCarrier === carrier;

/** The donor confirms the last port; any carrier that names it may where the donor is not known. */
function isLastDonor({ lastPort }: Life, said: Said, carrier: CarrierId): boolean {
  if (said.kind !== 'ported' || !lastPort) return false;
  const isLastPort = said.portOrderId === lastPort.portOrderId && said.toCarrier === lastPort.toCarrier;
  return isLastPort && (lastPort.donor === null || lastPort.donor === carrier);
}
