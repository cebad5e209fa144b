import type { FindingCode } from '@numlife/contracts';
import { type Carrier, carriers } from '../carriers.js';
import type { Line, Said } from '../line.js';
import type { Story } from '../story.js';
import { type Scenario, onlyIf, isPortable, scenario } from './scenario.js';

interface Speaker {
  readonly by: Carrier;
  readonly filed: number;
}

/** Files go day by day, of one day in the order of the carriers' ids. */
const isSentBefore = (a: Speaker, b: Speaker): boolean =>
  a.filed === b.filed ? carriers.indexOf(a.by) < carriers.indexOf(b.by) : a.filed < b.filed;

const portOrder = (story: Story): string => `P${story.place.index.toString(36)}-${story.lines.length + 1}`;

/** Donor and recipient both report the port; whoever does so first is unconfirmed until the other has. */
export const port = (
  story: Story,
  toCarrier: Carrier,
  late: { readonly donorDaysLate: number; readonly recipientDaysLate: number },
): void => {
  const { life, calendar } = story;
  const said: Said = { kind: 'ported', at: story.moment(), toCarrier, portOrderId: portOrder(story) };
  const donor = { by: life.serving, filed: story.day + late.donorDaysLate };
  const recipient = { by: toCarrier, filed: story.day + late.recipientDaysLate };
  const inOrder = isSentBefore(donor, recipient) ? [donor, recipient] : [recipient, donor];
  const [first, second] = inOrder.filter(({ filed }) => filed <= calendar.days);
  if (first === undefined) return;
  story.says(first.by, first.filed, said, 'PORT_UNCONFIRMED');
  if (second !== undefined) story.says(second.by, second.filed, said);
  life.serving = toCarrier;
  life.told = true;
  story.day = (second ?? first).filed;
};

const reportedBy = (who: 'donor' | 'recipient') => (story: Story) => {
  const { life } = story;
  const toCarrier = story.stranger();
  const by = who === 'donor' ? life.serving : toCarrier;
  const said: Said = { kind: 'ported', at: story.moment(), toCarrier, portOrderId: portOrder(story) };
  story.says(by, story.day, said, 'PORT_UNCONFIRMED');
  life.serving = toCarrier;
  life.told = true;
};

const reportsPort = (story: Story, by: Carrier, toCarrier: Carrier, ...codes: FindingCode[]): Line =>
  story.says(by, story.day, { kind: 'ported', at: story.moment(), toCarrier, portOrderId: portOrder(story) }, ...codes);

const portedToSelf = scenario('ported-to-self', 'held', 0, (story) => {
  reportsPort(story, story.life.serving, story.life.serving, 'PORTED_TO_SELF');
});

const ordersDiffer = onlyIf(
  isPortable,
  scenario('port-orders-differ', 'held', 1, (story) => {
    const toCarrier = story.stranger();
    reportsPort(story, story.life.serving, toCarrier, 'PORT_UNCONFIRMED');
    story.advance(1);
    reportsPort(story, toCarrier, toCarrier, 'PORTED_TO_SELF');
    story.life.serving = toCarrier;
    story.life.told = true;
  }),
);

const withdrawn = onlyIf(
  isPortable,
  scenario('port-withdrawn', 'held', 3, (story) => {
    const wrong = reportsPort(story, story.life.serving, story.stranger(), 'PORT_UNCONFIRMED');
    story.advance(1, 3);
    story.corrects(wrong, story.day);
    story.life.told = true;
  }),
);

/** The recipient speaks as the serving carrier before the port is known: a conflict, which the port ends. */
const recipientAhead = onlyIf(
  isPortable,
  scenario('recipient-speaks-before-port', 'held', 6, (story) => {
    const { life } = story;
    const toCarrier = story.stranger();
    const said: Said = { kind: 'ported', at: story.moment(), toCarrier, portOrderId: portOrder(story) };
    const donor = life.serving;
    story.advance(1);
    story.says(toCarrier, story.day, { kind: 'suspended', at: story.moment() }, 'NOT_SERVING_CARRIER');
    story.advance(1);
    story.says(toCarrier, story.day, said, 'PORT_UNCONFIRMED');
    story.advance(1);
    story.says(donor, story.day, said);
    life.serving = toCarrier;
    life.told = true;
    story.advance(1, 3);
    story.says(toCarrier, story.day, { kind: 'resumed', at: story.moment() });
  }),
);

export const portScenarios: readonly Scenario[] = [
  onlyIf(isPortable, scenario('port-reported-by-donor-only', 'held', 0, reportedBy('donor'))),
  onlyIf(isPortable, scenario('port-reported-by-recipient-only', 'held', 0, reportedBy('recipient'))),
  onlyIf(
    isPortable,
    scenario('port-donor-later', 'held', 3, (story) =>
      port(story, story.stranger(), { donorDaysLate: 2, recipientDaysLate: 0 }),
    ),
  ),
  onlyIf(
    isPortable,
    scenario('port-recipient-later', 'held', 3, (story) =>
      port(story, story.stranger(), { donorDaysLate: 0, recipientDaysLate: 3 }),
    ),
  ),
  portedToSelf,
  ordersDiffer,
  withdrawn,
  recipientAhead,
];
