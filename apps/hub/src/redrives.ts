import { accepted, type Decider } from '@numlife/event-sourcing';

export const operationsStream = 'operations';

// Events. These names and shapes are stored for ever: add, never edit.
export interface RedriveOrdered {
  readonly type: 'RedriveOrdered';
  readonly data: {
    readonly parkedId: string;
    readonly topic: string;
    readonly group: string;
    readonly reason: string;
    readonly by: string;
  };
}

/** What operators ordered; every order stands on record, so nothing is refused here. */
export const redrives: Decider<null, RedriveOrdered, RedriveOrdered, never> = {
  initialState: () => null,
  evolve: () => null,
  decide: (order) => accepted(order),
};
