import type { Accounts } from './accounts.js';
import type { Connector } from './connector.js';

const atOnceMax = 100;
const retryMs = 2_000;

/** Puts each new verification into the connector, again and again until it is taken; what is left survives a restart. */
export class BindingReporter {
  private underWay: Promise<void> | undefined;
  private again: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly accounts: Accounts,
    private readonly connector: Connector,
  ) {}

  wake(): void {
    if (this.stopped || this.underWay) return;
    clearTimeout(this.again);
    this.underWay = this.report()
      .catch(() => true)
      .then((left) => {
        this.underWay = undefined;
        if (left && !this.stopped) this.again = setTimeout(() => this.wake(), retryMs);
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.again);
    await this.underWay;
  }

  /** Whether something is left to tell. */
  private async report(): Promise<boolean> {
    for (;;) {
      const accounts = this.accounts.toTellConnector(atOnceMax);
      if (accounts.length === 0) return false;
      for (const { account, number, verifiedAt } of accounts) {
        if (this.stopped || !(await this.connector.putBinding({ account, number, verifiedAt }))) return true;
        await this.accounts.ask<'connector-told'>({ kind: 'connector-told', account, verifiedAt });
      }
    }
  }
}
