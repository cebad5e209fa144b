import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { KafkaBroker, type KafkaOptions } from './broker.js';
import { whatKafkaLacks } from './jars.js';

const brokerTimeoutMs = 360_000;

/** A continuous build has no excuse: what it does not run, it does not show. */
const mustRun = (): boolean => ['CI', 'NUMLIFE_REQUIRE_SERVERS'].some((name) => process.env[name]);

/** Says on the terminal what was not run, past any reporter that hides it. */
const sayLoudly = (text: string): void => void process.stderr.write(`\n!! NOT RUN: ${text}\n\n`);

/**
 * A suite on a broker of its own. Where none can be started it is skipped, and says so; where `CI` or
 * `NUMLIFE_REQUIRE_SERVERS` is set that is a failure.
 */
export function describeWithKafka(
  name: string,
  suite: (broker: () => KafkaBroker) => void,
  options?: KafkaOptions,
): void {
  const lacks = whatKafkaLacks();
  if (lacks === undefined) {
    describe(name, () => {
      let broker: KafkaBroker | undefined;
      beforeAll(async () => {
        broker = await KafkaBroker.start(options);
      }, brokerTimeoutMs);
      afterAll(() => broker?.remove());
      suite(() => broker!);
    });
    return;
  }
  const why = `"${name}" needs a real Kafka broker. Missing: ${lacks}.`;
  if (mustRun()) {
    it(name, () => {
      throw new Error(why);
    });
    return;
  }
  sayLoudly(why);
  describe.skip(name, () => it.skip(why, () => undefined));
}
