import type { BatchId, BatchProgress, CarrierId, ListedFinding, Problem, Receipt, ReportId } from '@numlife/contracts';
import { readSent } from '@numlife/contracts/validation';
import { InfrastructureFailure } from '@numlife/event-sourcing';
import { ProblemException, type TokenSource } from '@numlife/runtime';
import type { HubForCarrier, ReceiptQuery } from './hub-for-carrier.js';

export interface HubOverHttpOptions {
  /** `https://hub.example` */
  readonly url: string;
  /** What the gateway calls the hub with in a carrier's name. */
  readonly tokensOf: (carrier: CarrierId) => Pick<TokenSource, 'token' | 'forget'>;
}

type Finding = ListedFinding & { readonly yourReportId: ReportId | null };
type Page<Name extends string, Item> = { readonly [name in Name]: readonly Item[] } & { readonly next: string | null };
type Query = Readonly<Record<string, string | number | undefined>>;

interface Call {
  readonly path: string;
  readonly query?: Query;
  readonly waitMs?: number;
}

/** What an answer may take beside what it was asked to wait for. */
const answerTimeoutMs = 10_000;

/** Asks the hub by HTTP, in a carrier's name. */
export class HubOverHttp implements HubForCarrier {
  constructor(private readonly options: HubOverHttpOptions) {}

  batch(carrier: CarrierId, batchId: BatchId): Promise<BatchProgress | undefined> {
    return this.#batch(carrier, { path: `batches/${encodeURIComponent(batchId)}` });
  }

  async batches(carrier: CarrierId, after: string | undefined, limit: number): Promise<Page<'batches', BatchProgress>> {
    return this.#get(carrier, { path: 'batches', query: { after, limit } });
  }

  async receipts({ carrier, ...query }: ReceiptQuery): Promise<Page<'receipts', Receipt>> {
    const page = await this.#get<Page<'receipts', Receipt>>(carrier, { path: 'receipts', query });
    return { ...page, receipts: page.receipts.map((one) => ({ ...one, recordedAt: readSent(one.recordedAt) })) };
  }

  async carrierFindings(
    carrier: CarrierId,
    after: string | undefined,
    limit: number,
  ): Promise<Page<'findings', Finding>> {
    const page = await this.#get<Page<'findings', Finding>>(carrier, { path: 'findings', query: { after, limit } });
    const findings = page.findings.map((one) => ({
      ...one,
      at: readSent(one.at),
      ...(one.endedAt === undefined ? {} : { endedAt: readSent(one.endedAt) }),
    }));
    return { ...page, findings };
  }

  /** A hub that is away is no reason to refuse what is durable: its receipts come later. */
  async waitForBatch(carrier: CarrierId, batchId: BatchId, received: number, timeoutMs: number): Promise<boolean> {
    const path = `batches/${encodeURIComponent(batchId)}`;
    try {
      const batch = await this.#batch(carrier, { path, query: { received }, waitMs: timeoutMs });
      if (!batch) return false;
      return batch.recorded + batch.recordedWithAnomaly + batch.duplicate + batch.rejected >= received;
    } catch (error) {
      if (error instanceof InfrastructureFailure && error.retriable) return false;
      throw error;
    }
  }

  async #batch(carrier: CarrierId, call: Call): Promise<BatchProgress | undefined> {
    try {
      return await this.#get<BatchProgress>(carrier, call);
    } catch (error) {
      if (error instanceof ProblemException && error.code === 'UNKNOWN_BATCH') return undefined;
      throw error;
    }
  }

  async #get<Answer>(carrier: CarrierId, call: Call): Promise<Answer> {
    const tokens = this.options.tokensOf(carrier);
    let response = await this.#ask(call, await tokens.token());
    if (response.status === 401) {
      tokens.forget();
      await response.body?.cancel();
      response = await this.#ask(call, await tokens.token());
    }
    if (response.ok) return (await textOf(response)) as Answer;
    throw await problemOf(response);
  }

  async #ask({ path, query = {}, waitMs = 0 }: Call, token: string): Promise<Response> {
    const url = new URL(`/hub/v1/carrier/${path}`, this.options.url);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const headers = { authorization: `Bearer ${token}`, ...(waitMs > 0 ? { prefer: `wait=${waitMs / 1000}` } : {}) };
    const signal = AbortSignal.timeout(waitMs + answerTimeoutMs);
    return fetch(url, { headers, signal, redirect: 'error' }).catch(notReached);
  }
}

const textOf = (response: Response): Promise<unknown> => response.json().catch(notReached);

const notReached = (cause: unknown): never => {
  throw new InfrastructureFailure('unavailable', 'the hub was not reached', { cause });
};

/** What is wrong with the carrier's own question is handed on; all else is the hub being away. */
async function problemOf(response: Response): Promise<Error> {
  const { status } = response;
  if (status !== 400 && status !== 404) {
    await response.body?.cancel();
    return new InfrastructureFailure('unavailable', `the hub answered ${status}`);
  }
  const { code, detail, errors } = (await textOf(response)) as Problem;
  return new ProblemException(status, code, { ...(detail ? { detail } : {}), ...(errors ? { errors } : {}) });
}
