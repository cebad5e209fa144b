import type { Scope } from '../access.js';
import type { Form } from '../validation/index.js';
import { refTo, type Schema } from './schemas.js';

export type Content = Readonly<Record<string, { readonly schema: Schema; readonly examples?: readonly unknown[] }>>;

/** A call of the HTTP API, as the OpenAPI document shows it. */
export interface Call {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** Absent: anyone may call it. */
  readonly scope?: Scope;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Content;
  readonly answers: Readonly<Record<number, { readonly says: string; readonly content?: Content }>>;
  /** Which codes of problems it can answer with, beside those of every call. */
  readonly problems?: readonly number[];
}

export const json = (schema: Schema, ...shown: readonly unknown[]): Content => ({
  'application/json': { schema, ...(shown.length > 0 ? { examples: shown } : {}) },
});
export const ofForm = (form: Form, ...shown: readonly unknown[]): Content => json(refTo(form), ...shown);
export const lines = (description: string): Schema => ({ type: 'string', description });
export const cursor: Readonly<Record<string, Schema>> = {
  after: { type: 'string', description: 'The `next` of the answer before.' },
  limit: { type: 'integer', minimum: 1, maximum: 1000 },
};
export const text: Schema = { type: 'string' };

export const anyObject: Schema = { type: 'object' };
