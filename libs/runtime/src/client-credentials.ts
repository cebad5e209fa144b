import { type Clock, epochMsOf, InfrastructureFailure } from '@numlife/event-sourcing';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What an organisation's programs sign their token requests with: `<id>.json`, for its owner only. */
export interface ClientFile {
  readonly organisation: string;
  readonly audience: string;
  readonly privateKey: JWK;
}

export interface TokenSourceOptions {
  /** The organisation's client file. */
  readonly file: string;
  /** Where the issuer answers token requests. */
  readonly tokenUrl: string;
  readonly clock: Clock;
}

/** Under which name the key the development issuer signs with stands in the hub's key file. */
export const signingKeySecret = 'development-issuer';
/** The same of the public keys of the operator and the regulator, whom nobody admits: `client operator:caict`. */
export const clientSecretPrefix = 'client ';

const algorithm = 'ES256';
const assertionSeconds = 60;
const answerTimeoutMs = 5_000;
const answerBytesMax = 64 * 1024;
/** A token is renewed so long before it expires that no call is made with one that does meanwhile. */
const renewBeforeMs = 60_000;

/** The form of a token request signed with the client's key (RFC 7523). `nowMs`: since the epoch. */
export async function tokenRequestOf(client: ClientFile, nowMs: number): Promise<URLSearchParams> {
  const { organisation, audience, privateKey } = client;
  const { alg = algorithm, kid } = privateKey;
  const now = Math.floor(nowMs / 1000);
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg, ...(kid ? { kid } : {}) })
    .setIssuer(organisation)
    .setSubject(organisation)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + assertionSeconds)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(privateKey));
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
}

/** Tokens of an organisation for a process of its own: each is used until it is about to expire, and asked for once at a time. */
export class TokenSource {
  #held: { readonly token: string; readonly goodUntilMs: number } | undefined;
  #asking: Promise<string> | undefined;
  constructor(private readonly options: TokenSourceOptions) {}

  /** Rejects with `unavailable` when the issuer gives none. */
  async token(): Promise<string> {
    if (this.#held && this.#held.goodUntilMs > this.#nowMs()) return this.#held.token;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Rejects, with a line that names the file, where there is no client file to ask with. */
  async check(): Promise<void> {
    await readClientFile(this.options.file);
  }

  /** The one held was refused: the next is asked for anew. */
  forget(): void {
    this.#held = undefined;
  }

  async #ask(): Promise<string> {
    const client = await readClientFile(this.options.file).catch((error: unknown) => {
      // It was there at the start, and may be just being replaced.
      throw new InfrastructureFailure('unavailable', (error as Error).message, { cause: error });
    });
    const body = await tokenRequestOf(client, this.#nowMs());
    const { access_token: token, expires_in: seconds } = await this.#post(body);
    if (typeof token !== 'string' || typeof seconds !== 'number')
      throw new InfrastructureFailure('unavailable', 'the token issuer answered what is no token');
    this.#held = { token, goodUntilMs: this.#nowMs() + seconds * 1000 - renewBeforeMs };
    return token;
  }

  async #post(body: URLSearchParams): Promise<{ access_token?: unknown; expires_in?: unknown }> {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    try {
      const response = await fetch(this.options.tokenUrl, { method: 'POST', body, signal, redirect: 'error' });
      const text = await response.text();
      if (!response.ok) throw new InfrastructureFailure('unavailable', `the token issuer answered ${response.status}`);
      if (text.length > answerBytesMax) throw new InfrastructureFailure('unavailable', 'the issuer answered too much');
      return JSON.parse(text) as object;
    } catch (error) {
      if (error instanceof InfrastructureFailure) throw error;
      throw new InfrastructureFailure('unavailable', 'the token issuer was not reached', { cause: error });
    }
  }

  #nowMs(): number {
    return epochMsOf(this.options.clock.now());
  }
}

/** Throws `InfrastructureFailure` with a line that names the file. */
export async function readClientFile(file: string): Promise<ClientFile> {
  try {
    const client = JSON.parse(await readFile(file, 'utf8')) as Partial<ClientFile> | null;
    if (typeof client?.organisation === 'string' && typeof client.audience === 'string' && client.privateKey)
      return client as ClientFile;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined)
      throw new InfrastructureFailure('invalid-request', `the client file ${file} cannot be read (${code})`);
  }
  throw new InfrastructureFailure('invalid-request', `${file} is no client file; it takes one that numlife keys made`);
}

export async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: algorithm, kid: crypto.randomUUID() };
}

/** The client file of an organisation (`carrier:ct`), made if there is none; answers the public key. */
export async function ensureClientFile(file: string, organisation: string, audience: string): Promise<JWK> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const existing = await readFile(file, 'utf8').catch(() => undefined);
  if (existing !== undefined) return publicOf((JSON.parse(existing) as ClientFile).privateKey);
  const jwk = await newSigningKey();
  const content: ClientFile = { organisation, audience, privateKey: jwk };
  await writeDurably(file, `${JSON.stringify(content, null, 2)}\n`);
  return publicOf(jwk);
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.part`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
}

const publicOf = ({ kty, crv, x, y, kid, alg }: JWK): JWK => ({
  kty: kty!,
  crv: crv!,
  x: x!,
  y: y!,
  kid: kid!,
  alg: alg!,
});
