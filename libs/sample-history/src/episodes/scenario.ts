import type { Life } from '../life.js';
import type { Story } from '../story.js';

/** A piece of a number's life that starts in a given status. */
export interface Scenario {
  readonly name: string;
  readonly from: Life['status'];
  /** How many days it may take. */
  readonly days: number;
  readonly fits?: (story: Story) => boolean;
  /** False when the history ended in the middle of it. */
  readonly play: (story: Story) => boolean;
}

/** A scenario that is played only when enough days are left, so that it always comes to its end. */
export const scenario = (name: string, from: Life['status'], days: number, play: (story: Story) => void): Scenario => ({
  name,
  from,
  days,
  play: (story) => {
    play(story);
    return true;
  },
});
export const onlyIf = (fits: (story: Story) => boolean, restricted: Scenario): Scenario => ({ ...restricted, fits });

export const holderIsKnown = ({ life }: Story): boolean => life.holder !== null;
/** Served by the holder of its segment, which alone may sell it again after its release. */
export const isAtHome = ({ life, place }: Story): boolean => life.serving === place.range;
export const isPortable = ({ place }: Story): boolean => place.range !== 'mv1';
