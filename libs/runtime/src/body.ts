import { check } from '@numlife/contracts/validation';
import { Readable } from 'node:stream';
import { ProblemException } from './problems.js';

type Form<Value extends object> = Parameters<typeof check<Value>>[0];

/** A request's JSON body, checked against its form; throws a 400 that names the fields and what they take. */
export function readBody<Value extends object>(form: Form<Value>, body: unknown): Value {
  // CSV and NDJSON come as streams; the form would copy one, socket and all, which ends the process.
  if (body instanceof Readable) {
    throw new ProblemException(415, 'UNSUPPORTED_CONTENT_TYPE', { detail: 'Content-Type takes application/json.' });
  }
  const checked = check(form, body);
  if (checked.ok) return checked.value;
  throw new ProblemException(400, 'BAD_REQUEST', { errors: checked.errors });
}
