import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { safeName } from './forms.js';
import type { Form } from './rules.js';

export interface FieldProblem {
  /** Dotted: `replacement.kind`. */
  readonly field: string;
  readonly detail: string;
}
export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly errors: readonly FieldProblem[] };

/** More than these are not worth a reader's time. */
const problemsMax = 8;

/** Checks a parsed JSON value against a form of class-validator rules. Unknown fields are refused. Never throws. */
export function check<Value extends object>(form: Form<Value>, raw: unknown): Checked<Value> {
  if (!isObject(raw)) return { ok: false, errors: [{ field: '', detail: 'takes an object' }] };
  const problem = unreadableIn(raw);
  if (problem) return { ok: false, errors: [problem] };
  return checkInstance(plainToInstance(form, raw), raw);
}

/** No form of ours goes deeper than a list of objects in an object. */
const depthMax = 8;

/** What class-transformer would throw at: it calls a `constructor` it finds, and goes down as deep as the value does. */
function unreadableIn(raw: object, path = '', depth = 1): FieldProblem | undefined {
  if (Object.hasOwn(raw, 'constructor')) return unknownField('constructor', path);
  for (const [key, value] of Object.entries(raw) as [string, unknown][]) {
    if (!isSome(value)) continue;
    const field = path + (Array.isArray(raw) ? key : safeName(key));
    if (depth === depthMax) return { field, detail: `${field}: nested more than ${depthMax} deep` };
    const problem = unreadableIn(value, `${field}.`, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

/** The same for an instance that the caller made of the raw value. */
export function checkInstance<Value extends object>(instance: Value, raw: object): Checked<Value> {
  const lost = lostKey(raw, instance);
  if (lost !== undefined) return { ok: false, errors: [unknownField(lost, '')] };
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  if (errors.length === 0) return { ok: true, value: instance };
  return { ok: false, errors: errors.flatMap((error) => problemsOf(error, '')).slice(0, problemsMax) };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** class-transformer leaves out keys like `__proto__` and `toString` without a word, so the whitelist never sees them. */
function lostKey(raw: object, instance: object): string | undefined {
  for (const [key, value] of Object.entries(raw) as [string, unknown][]) {
    if (!Object.hasOwn(instance, key)) return key;
    const kept = (instance as Record<string, unknown>)[key];
    const lost = isSome(value) && isSome(kept) ? lostKey(value, kept) : undefined;
    if (lost !== undefined) return lost;
  }
  return undefined;
}
const isSome = (value: unknown): value is object => value !== null && typeof value === 'object';

function problemsOf(error: ValidationError, path: string): FieldProblem[] {
  const { constraints, children, property } = error;
  const [name, message] = Object.entries(constraints ?? {})[0] ?? [];
  if (name === 'whitelistValidation') return [unknownField(property, path)];
  // Only names that a form has get here, or the places of a list.
  const field = path + property;
  if (message !== undefined) return [{ field, detail: path + message }];
  return (children ?? []).flatMap((child) => problemsOf(child, `${field}.`));
}

function unknownField(name: string, path: string): FieldProblem {
  const field = path + safeName(name);
  return { field, detail: `${field}: no such field here` };
}
