import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../free-ports.js';
import { kafkaJars } from './jars.js';

const run = promisify(execFile);
const startTimeoutMs = 60_000;
const logCharsMax = 20_000;
/** A broker logs this when it has caught up with its controller and is no longer fenced. */
const started = 'Kafka Server started';

export interface KafkaOptions {
  /** SCRAM-SHA-512 and ACLs on the client listener, for these users and their passwords. `admin` may do everything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Where clients are told to connect to, when not to the broker itself: a proxy's port. */
  readonly advertisedPort?: number;
  readonly properties?: Readonly<Record<string, string | number>>;
}

interface Ports {
  readonly client: number;
  readonly internal: number;
  readonly controller: number;
}

/** A real broker, its own controller, on free ports and a temporary folder. */
export class KafkaBroker {
  readonly #jars: string;
  readonly #folder: string;
  readonly #ports: Ports;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(jars: string, folder: string, ports: Ports) {
    this.#jars = jars;
    this.#folder = folder;
    this.#ports = ports;
  }

  static async start(options: KafkaOptions = {}): Promise<KafkaBroker> {
    const [jars, [client, internal, controller]] = await Promise.all([kafkaJars(), freePorts(3)]);
    const ports = { client: client!, internal: internal!, controller: controller! };
    const broker = new KafkaBroker(jars, mkdtempSync(join(tmpdir(), 'kafka-')), ports);
    try {
      await broker.#format(options);
      await broker.start();
      return broker;
    } catch (error) {
      await broker.remove();
      throw error;
    }
  }

  get port(): number {
    return this.#ports.client;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** On the data that is there. */
  async start(): Promise<void> {
    const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    logging.push('-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info');
    const memory = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const child = spawn('java', [...memory, ...logging, ...this.#classPath, 'kafka.Kafka', this.#properties], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const stopWithTests = (): void => void child.kill('SIGKILL');
    process.on('exit', stopWithTests);
    child.once('exit', () => process.off('exit', stopWithTests));
    await this.#untilStarted(child);
  }

  /** As a power cut, for the process: nothing is flushed or said. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #classPath(): string[] {
    return ['-cp', join(this.#jars, '*')];
  }

  get #properties(): string {
    return join(this.#folder, 'server.properties');
  }

  async #format(options: KafkaOptions): Promise<void> {
    writeFileSync(this.#properties, properties(this.#folder, this.#ports, options));
    const tool = [...this.#classPath, 'kafka.tools.StorageTool'];
    const id = randomBytes(16).toString('base64url').replace(/^-/, '_');
    const users = Object.entries(options.users ?? {}).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]);
    await run('java', [...tool, 'format', '--standalone', '-t', id, '-c', this.#properties, ...users]);
  }

  async #untilStarted(child: ChildProcess): Promise<void> {
    this.#log = '';
    const ready = Promise.withResolvers<undefined>();
    const note = (text: Buffer): void => {
      this.#log = (this.#log + text.toString()).slice(-logCharsMax);
      if (this.#log.includes(started)) ready.resolve(undefined);
    };
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    const fail = (why: string): void => ready.reject(new Error(`the Kafka broker ${why}:\n${this.#log}`));
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(error.message));
    const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs} ms`), startTimeoutMs);
    await ready.promise.finally(() => clearTimeout(timer));
  }
}

function properties(folder: string, ports: Ports, { users, advertisedPort, properties: more }: KafkaOptions): string {
  const listeners = `INTERNAL://127.0.0.1:${ports.internal},CLIENT://127.0.0.1:${ports.client}`;
  const advertised = listeners.replace(`:${ports.client}`, `:${advertisedPort ?? ports.client}`);
  const controller = `127.0.0.1:${ports.controller}`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': controller,
    listeners: `${listeners},CONTROLLER://${controller}`,
    'advertised.listeners': `${advertised},CONTROLLER://${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,CLIENT:${users ? 'SASL_' : ''}PLAINTEXT`,
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    ...(users && secured),
    ...more,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const secured = {
  'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'listener.name.client.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS;User:admin',
  'allow.everyone.if.no.acl.found': false,
};
