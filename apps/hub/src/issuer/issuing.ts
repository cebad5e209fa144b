import { type Client, clientRegistry, DevelopmentIssuer, type HubParts, newSigningKey } from '@numlife/hub';
import type { Role } from '@numlife/contracts';
import { scopesOfRole } from '@numlife/contracts';
import type { KeyFile } from '@numlife/privacy';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { join } from 'node:path';
import { ensureClientFile, organisations } from './organisations.js';

/** Who issues tokens here, and with which keys they are checked. */
export class Issuing {
  private constructor(
    readonly issuer: DevelopmentIssuer,
    readonly keys: JWTVerifyGetKey,
  ) {}

  static async open(keyFile: KeyFile, { configuration, clock, reference }: HubParts): Promise<Issuing> {
    const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience, TOKEN_JWKS_URL: jwksUrl, DATA_DIR: folder } = configuration;
    const fixed: Client[] = [];
    for (const organisation of organisations) {
      const { role, id } = organisation;
      if (role !== 'operator' && role !== 'regulator') continue;
      const key = await ensureClientFile(join(folder, 'clients'), organisation, audience);
      fixed.push({ subject: `${role}:${id}`, role, id, keys: [key] });
    }
    const signingKey = await keyFile.ensureSecret('development-issuer', newSigningKey);
    const nowMs = () => Date.parse(clock.now());
    const development = new DevelopmentIssuer({
      issuer,
      audience,
      nowMs,
      clients: clientRegistry(reference, fixed),
      signingKey,
    });
    return new Issuing(development, jwksUrl === '' ? development.keys() : createRemoteJWKSet(new URL(jwksUrl)));
  }

  /** A token for a process of ours. */
  token(role: Role, id: string): Promise<string> {
    return this.issuer.sign(role, id, scopesOfRole[role].join(' '));
  }
}
