import { importJWK, type JWK, SignJWT } from 'jose';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const main = new URL('../apps/standalone/dist/apps/standalone/src/main.js', import.meta.url).pathname;
const startWithinMs = 60_000;

/** What `fetch` can send. */
export type Body = NonNullable<RequestInit['body']>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- what came over the wire is asserted field by field
  readonly text: string;
}

/** How a process differs from the ordinary one. */
export interface How {
  /** What Node runs instead of the system's own entry. */
  readonly entry?: string;
  /** A module loaded first, in every thread and child process. */
  readonly preload?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The whole system as a process of its own, met from outside over HTTP. */
export class System {
  readonly #tokens = new Map<string, string>();
  #process: ChildProcess | undefined;
  #saidBefore = 0;
  /** Everything it wrote to its log. */
  log = '';
  output = '';

  private constructor(
    readonly dataDir: string,
    readonly port: number,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<System> {
    const system = await System.in(await mkdtemp(join(tmpdir(), 'numlife-')), environment);
    await system.run();
    return system;
  }

  /** Not started yet; in a data folder of an earlier one, perhaps. */
  static async in(dataDir: string, environment: Record<string, string> = {}): Promise<System> {
    return new System(dataDir, await freePort(), environment);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the process, and resolves when it has ended: with its exit code, null after a signal. */
  launch(args: readonly string[] = ['--empty'], how: How = {}): Promise<number | null> {
    const { entry = main, preload, environment } = how;
    const options = preload === undefined ? '' : `--import ${pathToFileURL(preload).href}`;
    const own = { DATA_DIR: this.dataDir, PORT: String(this.port), LOG_LEVEL: 'info', NODE_OPTIONS: options };
    const child = spawn(process.execPath, [entry, ...args], {
      env: { ...process.env, ...own, ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    this.#process = child;
    this.#saidBefore = this.output.length;
    return new Promise((resolve) => child.once('close', resolve));
  }

  /** Resolves when it is ready. */
  async run(args?: readonly string[], how?: How): Promise<void> {
    let ended: number | string | null | undefined;
    void this.launch(args, how).then((code) => (ended = code ?? 'a signal'));
    const giveUpAt = performance.now() + startWithinMs;
    while (!(await this.isReady())) {
      if (ended !== undefined) throw new Error(`the system ended with ${ended}:\n${this.log.slice(-4_000)}`);
      if (performance.now() > giveUpAt) throw new Error(`the system is not ready:\n${this.log.slice(-4_000)}`);
      await delay(50);
    }
  }

  /** Resolves when the sample apps listen, too, which start after the system is ready. */
  async whenAppsListen(withinMs = startWithinMs): Promise<void> {
    const giveUpAt = performance.now() + withinMs;
    while (!this.output.slice(this.#saidBefore).includes('numlife is ready')) {
      if (performance.now() > giveUpAt) throw new Error(`the sample apps do not listen:\n${this.log.slice(-4_000)}`);
      await delay(20);
    }
  }

  /** Where a sample app listens, as the system last said. */
  appUrl(app: string): string {
    const said = [...this.output.matchAll(/sample app +(\S+) +\((\w+):/g)].findLast(([, , id]) => id === app);
    if (!said) throw new Error(`the system has not said where ${app} is`);
    return said[1]!;
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.url}/health/ready`).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async token(organisation: string): Promise<string> {
    const known = this.#tokens.get(organisation);
    if (known !== undefined) return known;
    const file = await readFile(join(this.dataDir, 'clients', `${organisation}.json`), 'utf8');
    const client = JSON.parse(file) as { organisation: string; audience: string; privateKey: JWK };
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: client.privateKey.kid! })
      .setIssuer(client.organisation)
      .setSubject(client.organisation)
      .setAudience(client.audience)
      .setIssuedAt()
      .setExpirationTime('60s')
      .setJti(crypto.randomUUID())
      .sign(await importJWK(client.privateKey));
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    const response = await fetch(`${this.url}/auth/v1/token`, { method: 'POST', body });
    const { access_token: token } = (await response.json()) as { access_token: string };
    this.#tokens.set(organisation, token);
    return token;
  }

  async call(
    organisation: string | undefined,
    method: string,
    path: string,
    content: { type?: string; body?: Body; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const authorization: Record<string, string> =
      organisation === undefined ? {} : { authorization: `Bearer ${await this.token(organisation)}` };
    const type: Record<string, string> = content.type ? { 'content-type': content.type } : {};
    const response = await fetchAnswer(this.url + path, {
      method,
      headers: { ...authorization, ...type, ...content.headers },
      ...(content.body === undefined ? {} : { body: content.body, duplex: 'half' }),
    } as RequestInit);
    const text = await response.text();
    const isJson =
      /json/.test(response.headers.get('content-type') ?? '') &&
      !/ndjson/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text, text };
  }

  get(organisation: string, path: string): Promise<Answer> {
    return this.call(organisation, 'GET', path);
  }
  post(organisation: string, path: string, body: object): Promise<Answer> {
    return this.call(organisation, 'POST', path, { type: 'application/json', body: JSON.stringify(body) });
  }

  /** Sends reports and answers their receipts, in the order of the lines. */
  async report(carrier: string, reports: readonly object[], headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(carrier, 'POST', '/carrier/v1/reports', {
      type: 'application/json',
      body: JSON.stringify(reports),
      headers: { prefer: 'wait=30', ...headers },
    });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const earlyRefusalBytes = 1024 * 1024;
const earlyRefusalAttemptsMax = 20;

/** A large body may be refused before it is through; a client still writing then finds the connection closed, and asks again. */
async function fetchAnswer(url: string, init: RequestInit): Promise<Response> {
  const isLarge = typeof init.body === 'string' && init.body.length > earlyRefusalBytes;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(url, init);
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      const cutOff = code === 'EPIPE' || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET';
      if (!isLarge || !cutOff || attempt >= earlyRefusalAttemptsMax) throw error;
    }
  }
}
