import { type Role, scopesOfRole } from '@numlife/contracts';
import { ProblemException } from '@numlife/runtime';
import { createLocalJWKSet, decodeJwt, importJWK, type JWK, jwtVerify, type JWTVerifyGetKey, SignJWT } from 'jose';
import type { ClientRegistry } from './clients.js';

export interface IssuerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: () => number;
  readonly clients: ClientRegistry;
  /** Kept in the key file: tokens stay good over a restart. */
  readonly signingKey: JWK;
}

export interface TokenRequest {
  readonly grant_type?: unknown;
  readonly client_assertion_type?: unknown;
  readonly client_assertion?: unknown;
  readonly scope?: unknown;
}

export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope: string;
}

const algorithm = 'ES256';
const tokenSeconds = 3_600;
const assertionSecondsMax = 300;
const assertionsRememberedMax = 100_000;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const publicOf = ({ kty, crv, x, y, kid, alg }: JWK): JWK => ({
  kty: kty!,
  crv: crv!,
  x: x!,
  y: y!,
  kid: kid!,
  alg: alg!,
  use: 'sig',
});

/**
 * The issuer for development: client credentials with `private_key_jwt` (RFC 7523), answered with an RFC 9068 token. Which
 * assertions were used is known to this process alone: of several hubs each takes one once. In production `TOKEN_JWKS_URL` names an identity provider instead.
 */
export class DevelopmentIssuer {
  readonly #used = new Map<string, number>();
  constructor(private readonly options: IssuerOptions) {}

  jwks(): { keys: JWK[] } {
    return { keys: [publicOf(this.options.signingKey)] };
  }
  keys(): JWTVerifyGetKey {
    return createLocalJWKSet(this.jwks());
  }

  async token(request: TokenRequest): Promise<TokenAnswer> {
    if (typeof request.grant_type !== 'string' || request.grant_type === '')
      throw oauthProblem('invalid_request', 'grant_type: missing; it takes client_credentials');
    if (request.grant_type !== 'client_credentials')
      throw oauthProblem('unsupported_grant_type', 'grant_type: takes client_credentials');
    if (request.client_assertion_type !== assertionType || typeof request.client_assertion !== 'string') {
      throw oauthProblem('invalid_client', `client_assertion_type: takes ${assertionType}, with a client_assertion`);
    }
    const { role, id } = await this.#authenticate(request.client_assertion);
    const granted: readonly string[] = scopesOfRole[role];
    const asked =
      typeof request.scope === 'string' && request.scope.trim() !== '' ? request.scope.trim().split(/\s+/) : granted;
    const beyond = asked.filter((scope) => !granted.includes(scope));
    if (beyond.length > 0) throw oauthProblem('invalid_scope', `scope: this client may have ${granted.join(' ')}`);
    const scope = asked.join(' ');
    return { access_token: await this.sign(role, id, scope), token_type: 'Bearer', expires_in: tokenSeconds, scope };
  }

  async sign(role: Role, id: string, scope: string): Promise<string> {
    const { issuer, audience, nowMs, signingKey } = this.options;
    const now = Math.floor(nowMs() / 1000);
    const subject = `${role}:${id}`;
    return new SignJWT({ scope, client_id: subject })
      .setProtectedHeader({ alg: algorithm, kid: signingKey.kid!, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(now)
      .setExpirationTime(now + tokenSeconds)
      .setJti(crypto.randomUUID())
      .sign(await importJWK(signingKey, algorithm));
  }

  async #authenticate(assertion: string): Promise<{ role: Role; id: string }> {
    const { audience, issuer, nowMs, clients } = this.options;
    const client = clients.find(subjectOf(assertion));
    if (!client) throw oauthProblem('invalid_client', 'client_assertion: its sub is no admitted organisation');
    const verified = await jwtVerify(assertion, createLocalJWKSet({ keys: [...client.keys] }), {
      audience: [audience, issuer],
      subject: client.subject,
      issuer: client.subject,
      requiredClaims: ['exp', 'jti', 'iat'],
      currentDate: new Date(nowMs()),
    }).catch(() => undefined);
    if (!verified)
      throw oauthProblem(
        'invalid_client',
        "client_assertion: not signed with the client's key, expired, or for another audience",
      );
    const { exp = 0, iat = 0, jti = '' } = verified.payload;
    if (exp - iat > assertionSecondsMax)
      throw oauthProblem('invalid_client', `client_assertion: longer than ${assertionSecondsMax} s`);
    this.#useOnce(`${client.subject} ${jti}`, exp * 1000);
    return client;
  }

  #useOnce(id: string, untilMs: number): void {
    const now = this.options.nowMs();
    if ((this.#used.get(id) ?? 0) > now)
      throw oauthProblem('invalid_client', 'client_assertion: its jti was used before');
    if (this.#used.size >= assertionsRememberedMax)
      for (const [old, until] of this.#used) if (until <= now) this.#used.delete(old);
    if (this.#used.size >= assertionsRememberedMax)
      throw new ProblemException(429, 'TOO_MANY_TOKENS', { detail: 'Use the token you have until it expires.' });
    this.#used.set(id, untilMs);
  }
}

function subjectOf(assertion: string): string {
  try {
    return decodeJwt(assertion).sub ?? '';
  } catch {
    return '';
  }
}

/** OAuth's own error code (RFC 6749, 5.2) as ours, in upper case. */
const oauthProblem = (code: string, detail: string): ProblemException =>
  new ProblemException(code === 'invalid_client' ? 401 : 400, code.toUpperCase(), { detail });
