import { type Clock, epochMsOf } from '@numlife/event-sourcing';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { join } from 'node:path';
import { TokenCheck } from './access.js';
import { TokenSource } from './client-credentials.js';
import type { Configuration } from './configuration.js';

/** Checks the tokens a process is called with: of the configured issuer, or of the one whose keys are given. */
export function tokenCheckOf(
  { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience, TOKEN_JWKS_URL: url }: Configuration,
  clock: Clock,
  ownKeys: JWTVerifyGetKey,
): TokenCheck {
  const keys = url === '' ? ownKeys : createRemoteJWKSet(new URL(url));
  return new TokenCheck({ issuer, audience, keys, nowMs: () => epochMsOf(clock.now()) });
}

/** The keys of the hub's own issuer, for a process beside it. */
export const keysOfHub = ({ HUB_URL: hub }: Configuration): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL('/auth/v1/jwks', hub));

/** Where a process beside the hub gets the tokens it calls the hub with. */
export function tokenSourceOf(configuration: Configuration, organisation: string, clock: Clock): TokenSource {
  const { TOKEN_URL: tokenUrl, HUB_URL: hub, CLIENTS_DIR: clients, DATA_DIR: folder } = configuration;
  return new TokenSource({
    file: join(clients === '' ? join(folder, 'clients') : clients, `${organisation}.json`),
    tokenUrl: tokenUrl === '' ? new URL('/auth/v1/token', hub).href : tokenUrl,
    clock,
  });
}
