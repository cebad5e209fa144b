import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Role, Scope } from '@numlife/contracts';
import type { FastifyRequest } from 'fastify';
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { ProblemException } from './problems.js';

/** Who asks: the organisation a token was issued to, and what it may do. */
export interface Caller {
  readonly role: Role;
  /** Without its role: `ct`, `shop`. */
  readonly id: string;
  readonly scopes: ReadonlySet<string>;
}

interface CheckedToken {
  readonly caller: Caller;
  readonly expiresAtMs: number;
}

export interface TokenCheckOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's keys: its JWKS. */
  readonly keys: JWTVerifyGetKey;
  readonly nowMs: () => number;
}

const tokensCachedMax = 10_000;
const clockToleranceSeconds = 5;
const subjectPattern = /^(carrier|app|operator|regulator):([a-z][a-z0-9]{0,15})$/;

/** Checks bearer tokens (RFC 9068 claims); what was checked is kept until it expires. */
export class TokenCheck {
  readonly #checked = new Map<string, CheckedToken>();
  constructor(private readonly options: TokenCheckOptions) {}

  /** Whose call it is, at once for a token that was checked before. Throws the problem that says why it is not answered. */
  admit(authorization: string | undefined, rule: AccessRule | undefined): Caller | Promise<Caller> {
    if (authorization === undefined || !/^bearer /i.test(authorization)) {
      throw new ProblemException(401, 'UNAUTHENTICATED', { detail: 'Send an Authorization: Bearer token.' });
    }
    const token = authorization.slice(7).trim();
    const cached = this.cached(token);
    if (cached) return admitted(cached, rule);
    return this.check(token).then((caller) => admitted(caller, rule));
  }

  cached(token: string): Caller | undefined {
    const checked = this.#checked.get(token);
    if (!checked) return undefined;
    if (checked.expiresAtMs > this.options.nowMs()) return checked.caller;
    this.#checked.delete(token);
    return undefined;
  }

  async check(token: string): Promise<Caller> {
    const { issuer, audience, keys, nowMs } = this.options;
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(nowMs()),
      }));
    } catch (error) {
      throw notAuthenticated(error);
    }
    const caller = callerOf(payload);
    if (this.#checked.size >= tokensCachedMax) this.#checked.clear();
    this.#checked.set(token, { caller, expiresAtMs: (payload.exp ?? 0) * 1000 });
    return caller;
  }
}

function admitted(caller: Caller, rule: AccessRule | undefined): Caller {
  if (rule && caller.scopes.has(rule.scope) && (!rule.roles || rule.roles.includes(caller.role))) return caller;
  throw new ProblemException(403, 'FORBIDDEN', {
    detail: rule ? `This call needs the scope ${rule.scope}.` : 'Not for anybody.',
  });
}

function notAuthenticated(error: unknown): ProblemException {
  const detail =
    error instanceof errors.JWTExpired
      ? 'The token has expired; get a new one.'
      : error instanceof errors.JWTClaimValidationFailed
        ? `The token's ${error.claim} is not what this service takes.`
        : error instanceof errors.JOSEError
          ? 'The token is not one of a configured issuer.'
          : 'The token could not be checked.';
  return new ProblemException(401, 'INVALID_TOKEN', { detail });
}

function callerOf(payload: JWTPayload): Caller {
  const [, role, id] = subjectPattern.exec(payload.sub ?? '') ?? [];
  if (!role || !id) {
    throw new ProblemException(401, 'INVALID_TOKEN', {
      detail: "The token's sub is no organisation, such as carrier:ct.",
    });
  }
  const scope = typeof payload['scope'] === 'string' ? payload['scope'] : '';
  return { role: role as Role, id, scopes: new Set(scope.split(' ').filter(Boolean)) };
}

/** The capability a call needs; and, where given, the roles it is for. Calls without it are open (health, metrics, documents). */
export interface AccessRule {
  readonly scope: Scope;
  readonly roles?: readonly Role[];
}
export const Access = Reflector.createDecorator<AccessRule>();
/** Marks a controller or call that takes no token. */
export const Open = () => SetMetadata('numlife:open', true);

type WithCaller = FastifyRequest & { caller?: Caller };

@Injectable()
export class AccessGuard implements CanActivate {
  readonly #rules = new WeakMap<object, { rule: AccessRule | undefined; open: boolean }>();
  readonly #reflector = new Reflector();
  constructor(private readonly tokens: TokenCheck) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { rule, open } = this.#ruleOf(context);
    if (open) return true;
    const request = context.switchToHttp().getRequest<WithCaller>();
    const admit = (caller: Caller): true => {
      request.caller = caller;
      return true;
    };
    const admitted = this.tokens.admit(request.headers.authorization, rule);
    return admitted instanceof Promise ? admitted.then(admit) : admit(admitted);
  }

  #ruleOf(context: ExecutionContext): { rule: AccessRule | undefined; open: boolean } {
    const handler = context.getHandler();
    let found = this.#rules.get(handler);
    if (!found) {
      const targets = [handler, context.getClass()];
      found = {
        rule: this.#reflector.getAllAndOverride(Access, targets),
        open: this.#reflector.getAllAndOverride<boolean | undefined>('numlife:open', targets) === true,
      };
      this.#rules.set(handler, found);
    }
    return found;
  }
}

/** The organisation that calls, in a controller's parameters. */
export const CalledBy = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<WithCaller>();
  if (!caller) throw new ProblemException(401, 'UNAUTHENTICATED');
  return caller;
});
