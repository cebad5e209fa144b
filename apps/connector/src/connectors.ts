import { join } from 'node:path';
import { AppConnector, type ConnectorOptions, type HubQuestions } from '@numlife/app-connector';
import type { AppId } from '@numlife/contracts';
import type { Clock, Transport } from '@numlife/event-sourcing';
import type { KeyFile, PrivacyKeys } from '@numlife/privacy';
import { type Caller, type Logger, type Metrics, ProblemException } from '@numlife/runtime';
import { WebhookActions } from './webhook-actions.js';

export interface ConnectorsOptions {
  /** Each app has a database of its own here: `connector-<app>.db`. */
  readonly folder: string;
  readonly transport: Transport;
  readonly hub: HubQuestions;
  readonly keys: KeyFile;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Origins an app may have its webhook at. */
  readonly allowsWebhook: (app: AppId, origin: string) => boolean;
  /** From 0 up to 1; spreads retries. */
  readonly random?: () => number;
}

interface Running {
  readonly connector: AppConnector;
  readonly webhook: WebhookActions;
  readonly done: Promise<void>;
}

/** The connectors of several apps in one process; which one a call is for, its token says. */
export class Connectors {
  readonly #running = new Map<AppId, Running>();
  readonly #adding = new Map<AppId, Promise<void>>();
  readonly #stop = new AbortController();
  #failed: (error: unknown) => void = () => undefined;
  constructor(private readonly options: ConnectorsOptions) {}

  /** Begins to work for an app, once. Rejects with an `InfrastructureFailure` when its database cannot be opened. */
  async add(app: AppId): Promise<void> {
    const adding = this.#adding.get(app) ?? this.#add(app);
    this.#adding.set(app, adding);
    await adding.catch((error: unknown) => {
      this.#adding.delete(app);
      throw error;
    });
  }

  async #add(app: AppId): Promise<void> {
    const { folder, transport, hub, keys, clock, logger, metrics, allowsWebhook } = this.options;
    const webhook = new WebhookActions({
      secrets: [keys.ensureWebhookSecret(app)],
      allows: (origin) => allowsWebhook(app, origin),
      clock,
    });
    const own = keys.ensureConnectorKey(app);
    const options: ConnectorOptions = {
      app,
      transport,
      hub,
      clock,
      file: join(folder, `connector-${app}.db`),
      actions: webhook,
      keys: { industry: industryOf(keys), own },
      random: this.options.random ?? Math.random,
      onTrouble: (where, failure) => {
        logger.warn({ app, loop: where, code: failure.code }, failure.message);
      },
      onApplied: (messages) => {
        metrics.applied.inc({ app }, messages);
      },
    };
    const connector = await AppConnector.open(options);
    const done = connector.run(this.#stop.signal).catch((error: unknown) => {
      logger.error({ app, err: error }, 'the connector cannot go on');
      this.#failed(error);
    });
    this.#running.set(app, { connector, webhook, done });
  }

  apps(): AppId[] {
    return [...this.#running.keys()];
  }

  /** Where an app's webhook is from now on. */
  pointTo(app: AppId, url: string): void {
    this.#running.get(app)?.webhook.pointTo(url);
  }

  /** Called when a connector cannot go on. */
  onFailure(listener: (error: unknown) => void): void {
    this.#failed = listener;
  }

  /** The caller's own connector. */
  of(caller: Caller): AppConnector {
    const running = this.#running.get(caller.id as AppId);
    if (caller.role === 'app' && running) return running.connector;
    throw new ProblemException(404, 'NO_CONNECTOR', { detail: 'No connector of this app runs here.' });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { connector, webhook, done } of this.#running.values()) {
      await done;
      await connector.close();
      await webhook.close();
    }
  }
}

const industryOf = (keys: KeyFile): NonNullable<PrivacyKeys['industry']> => {
  const { industry } = keys.keysForApps();
  if (!industry) throw new Error('the key file has no industry key');
  return industry;
};
