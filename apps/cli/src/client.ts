import type { Problem } from '@numlife/contracts';
import { type ClientFile, tokenRequestOf } from '@numlife/runtime/client-credentials';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CannotRun } from './exit.js';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Made anew for each attempt, because a stream can be sent once. */
  readonly body?: () => Body;
}

/** What `fetch` can send: text, a form, a stream. */
export type Body = NonNullable<RequestInit['body']>;

/** What is sent goes on where it was after a restart of the server. */
const patienceDefaultMs = 120_000;
/** A person waits for the answer. */
export const questionPatienceMs = 10_000;
/** An attempt that took so long had reached the server; it may break off so often. */
const reachedMs = 30_000;
const breaksMax = 20;
const pauseFirstMs = 100;
const pauseMaxMs = 2_000;

/** An answer that is a problem document. */
export class Refused extends CannotRun {
  constructor(readonly problem: Problem) {
    const fields = (problem.errors ?? []).map(({ field, detail }) =>
      detail.startsWith(`${field}:`) ? detail : `${field}: ${detail}`,
    );
    const said = problem.detail ?? (fields.length === 0 ? problem.title : undefined);
    super(
      [`${problem.code} (${problem.status})`, ...(said ? [said.replace(/\.$/, '')] : []), ...fields, '']
        .join('. ')
        .trimEnd(),
    );
  }
}

export interface ClientOptions {
  /** It does not say that it waits: what is written is for machines. */
  readonly quiet: boolean;
  readonly patienceMs?: number;
}

/** An environment variable; one set to nothing is one that is not set. */
const setting = (name: string): string | undefined => process.env[name] || undefined;

/** A client of the HTTP API for one organisation. It waits for a server that is away, and says so. */
export class Client {
  #token = setting('NUMLIFE_TOKEN');
  readonly url = (setting('NUMLIFE_URL') ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');

  constructor(
    private readonly organisation: string,
    private readonly options: ClientOptions,
  ) {
    if (!/^https?:\/\//i.test(this.url) || !URL.canParse(this.url))
      throw new CannotRun('NUMLIFE_URL is no URL; it takes one like http://127.0.0.1:8080');
  }

  async json<Answer>(request: Request): Promise<Answer> {
    const response = await this.send(request);
    return (await response.json()) as Answer;
  }

  post<Answer>(path: string, body: object): Promise<Answer> {
    return this.json({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: () => JSON.stringify(body),
    });
  }

  /** Answers with a response that is ok; repeats what failed on the way or was turned away for now (the calls are idempotent). */
  async send(request: Request): Promise<Response> {
    let renewed = setting('NUMLIFE_TOKEN') !== undefined;
    return this.#patiently(async () => {
      for (;;) {
        const response = await this.#attempt(request);
        if (response.ok) return response;
        const problem = await problemOf(response);
        if (response.status === 503) throw new Error('not ready');
        if (response.status !== 401 || renewed) throw new Refused(problem);
        renewed = true;
        this.#token = undefined;
      }
    });
  }

  token(): Promise<string> {
    return this.#patiently(() => this.#tokenNow());
  }

  /** Again and again until the server has been away for too long, or again and again broke off what had reached it. */
  async #patiently<Value>(attempt: () => Promise<Value>): Promise<Value> {
    const { quiet, patienceMs = patienceDefaultMs } = this.options;
    let giveUpAt = performance.now() + patienceMs;
    let pauseMs = pauseFirstMs;
    for (let breaks = 0; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      const beganAt = performance.now();
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof CannotRun) throw error;
      }
      const now = performance.now();
      if (now - beganAt > reachedMs && breaks < breaksMax) {
        breaks += 1;
        giveUpAt = now + patienceMs;
      }
      if (now > giveUpAt)
        throw new CannotRun(`no answer from ${this.url}. Is the server running? Start it with: npx numlife start`);
      if (pauseMs === pauseMaxMs && !quiet) console.error(`waiting for ${this.url} …`);
      await delay(pauseMs);
    }
  }

  async #tokenNow(): Promise<string> {
    this.#token ??= await this.#newToken();
    return this.#token;
  }

  async #attempt({ method, path, headers = {}, body }: Request): Promise<Response> {
    const authorization = `Bearer ${await this.#tokenNow()}`;
    const content = body === undefined ? {} : { body: body(), duplex: 'half' as const };
    return fetch(this.url + path, { method, headers: { ...headers, authorization }, ...content });
  }

  async #newToken(): Promise<string> {
    const folder = setting('CLIENTS_DIR') ?? join(setting('DATA_DIR') ?? 'data', 'clients');
    const file = join(folder, `${this.organisation}.json`);
    const client = await readClientFile(file, this.organisation);
    const form = await tokenRequestOf(client, Date.now());
    const response = await fetch(`${this.url}/auth/v1/token`, { method: 'POST', body: form });
    if (response.status === 503) throw new Error('not ready');
    if (!response.ok) throw new Refused(await problemOf(response));
    return ((await response.json()) as { access_token: string }).access_token;
  }
}

async function readClientFile(file: string, organisation: string): Promise<ClientFile> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ClientFile;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CannotRun(
      missing
        ? `there is no client file ${file} for ${organisation}. Set DATA_DIR to the server's data folder, or NUMLIFE_TOKEN to a token.`
        : `the client file ${file} cannot be read. It is JSON, written by the server's first start, for its owner only.`,
    );
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return {
      type: 'about:blank',
      title: response.statusText || 'Error',
      status: response.status,
      code: `HTTP_${response.status}`,
    };
  }
}
