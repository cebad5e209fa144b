import { accepted, type Decider } from '@numlife/event-sourcing';

export const operationsStream = 'operations';

/** What was ordered, why, and by whom. */
interface Order {
  readonly parkedId: string;
  readonly topic: string;
  readonly group: string;
  readonly reason: string;
  readonly by: string;
}

// Events. These names and shapes are stored for ever: add, never edit.
export interface RedriveOrdered {
  readonly type: 'RedriveOrdered';
  readonly data: Order;
}
/** With what names the message for ever: it is nowhere else once this is carried out. */
export interface DiscardOrdered {
  readonly type: 'DiscardOrdered';
  readonly data: Order & {
    readonly partition: number;
    readonly offset: string;
    readonly messageId: string;
    /** Why it was parked. */
    readonly refusedBecause: string;
  };
}
export type ParkedOrder = RedriveOrdered | DiscardOrdered;

/** What operators ordered; every order stands on record, so nothing is refused here. */
export const parkedOrders: Decider<null, ParkedOrder, ParkedOrder, never> = {
  initialState: () => null,
  evolve: () => null,
  decide: (order) => accepted(order),
};
