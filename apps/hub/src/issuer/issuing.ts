import { type Role, scopesOfRole } from '@numlife/contracts';
import { epochMsOf } from '@numlife/event-sourcing';
import type { KeyFile } from '@numlife/privacy';
import { newSigningKey, signingKeySecret, type TokenCheck, tokenCheckOf } from '@numlife/runtime';
import type { HubParts } from '../hub.js';
import { type Client, clientRegistry } from './clients.js';
import { DevelopmentIssuer } from './development-issuer.js';

/** Who issues tokens here, and how they are checked. */
export class Issuing {
  private constructor(
    readonly issuer: DevelopmentIssuer,
    readonly tokens: TokenCheck,
  ) {}

  /** `fixed`: the operator and the regulator, whom nobody admits. */
  static async open(keyFile: KeyFile, parts: HubParts, fixed: readonly Client[]): Promise<Issuing> {
    const { configuration, clock, reference } = parts;
    const issuer = new DevelopmentIssuer({
      issuer: configuration.TOKEN_ISSUER,
      audience: configuration.TOKEN_AUDIENCE,
      nowMs: () => epochMsOf(clock.now()),
      clients: clientRegistry(reference, fixed),
      signingKey: await keyFile.ensureSecret(signingKeySecret, newSigningKey),
    });
    return new Issuing(issuer, tokenCheckOf(configuration, clock, issuer.keys()));
  }

  /** A token for a process of ours. */
  token(role: Role, id: string): Promise<string> {
    return this.issuer.sign(role, id, scopesOfRole[role].join(' '));
  }
}
