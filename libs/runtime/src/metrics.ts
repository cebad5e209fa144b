import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** What every process counts. Labels carry ids of organisations, topics and codes; never a number, a holder or a token. */
export class Metrics {
  readonly registry = new Registry();
  readonly accepted = this.#counter(
    'numlife_reports_accepted_total',
    'Lines taken from carriers, durable on the transport',
    ['carrier'],
  );
  readonly decided = this.#counter('numlife_reports_decided_total', 'Lines decided, by outcome', [
    'carrier',
    'outcome',
  ]);
  readonly published = this.#counter('numlife_messages_published_total', 'Messages published by the hub', ['topic']);
  readonly applied = this.#counter('numlife_messages_applied_total', 'Lifecycle messages applied by connectors', [
    'app',
  ]);
  readonly findings = this.#counter('numlife_findings_total', 'Findings raised', ['code']);
  readonly followerLag = this.#gauge(
    'numlife_follower_lag_events',
    'How far a follower is behind the furthest, in positions of the store',
    ['follower'],
  );
  readonly consumerLag = this.#gauge('numlife_consumer_lag_messages', 'How far a consumer group is behind', [
    'group',
    'topic',
    'partition',
  ]);
  readonly parked = this.#gauge('numlife_parked_messages', 'Messages parked', ['group', 'topic', 'partition']);

  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
