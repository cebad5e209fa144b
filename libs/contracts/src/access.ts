/** Capabilities a token's `scope` lists, separated by spaces. */
export const scopes = [
  'reports:write',
  'receipts:read',
  'findings:read',
  'number-recycling:check',
  'timeline:read',
  'bindings:write',
  'connector:operate',
  'hub:operate',
  'audit:read',
] as const;
export type Scope = (typeof scopes)[number];

/** What the development issuer grants a role. */
export const scopesOfRole = {
  carrier: ['reports:write', 'receipts:read', 'findings:read', 'number-recycling:check', 'timeline:read'],
  app: ['number-recycling:check', 'bindings:write', 'connector:operate'],
  operator: ['hub:operate', 'findings:read', 'timeline:read'],
  regulator: ['audit:read', 'findings:read', 'timeline:read'],
} as const satisfies Record<string, readonly Scope[]>;
