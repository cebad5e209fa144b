import { organisationIdPattern } from '@numlife/contracts';
import type { Admission } from '@numlife/participants';
import { ProblemException } from '@numlife/runtime';

const bad = (field: string, detail: string): ProblemException =>
  new ProblemException(400, 'BAD_REQUEST', { errors: [{ field, detail }] });

function objectOf(body: unknown, fields: readonly string[]): Record<string, unknown> {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw bad('body', 'takes a JSON object');
  for (const name of Object.keys(body)) if (!fields.includes(name)) throw bad(name.slice(0, 64), 'is not a field of this call');
  return body as Record<string, unknown>;
}

function textOf(body: Record<string, unknown>, field: string, charactersMax: number): string {
  const value = body[field];
  if (typeof value === 'string' && value.trim() !== '' && value.length <= charactersMax) return value;
  throw bad(field, `takes text of 1 to ${charactersMax} characters`);
}

const listItemsMax = 20;
function textsOf(body: Record<string, unknown>, field: string): string[] {
  const value = body[field] ?? [];
  const fits = Array.isArray(value) && value.length <= listItemsMax && value.every((item) => typeof item === 'string' && item.length <= 255);
  if (!fits) throw bad(field, `takes a list of at most ${listItemsMax} texts of at most 255 characters`);
  return value as string[];
}

function keysOf(body: Record<string, unknown>): Admission['publicKeys'] {
  const value = body['publicKeys'] ?? [];
  const isPublicKey = (key: unknown): boolean => key !== null && typeof key === 'object' && 'kty' in key && !('d' in key);
  const fits = Array.isArray(value) && value.length <= listItemsMax && value.every(isPublicKey);
  if (!fits) throw bad('publicKeys', `takes a list of at most ${listItemsMax} public keys as JWKs, without private parts`);
  return value as Admission['publicKeys'];
}

const admissionFields = ['role', 'id', 'name', 'category', 'domains', 'contacts', 'publicKeys', 'answersWithinWorkingDays'];
const workingDaysMax = 60;

/** `POST /hub/v1/participants` */
export function readAdmission(body: unknown): Admission {
  const given = objectOf(body, admissionFields);
  const { role, id, answersWithinWorkingDays: days } = given;
  if (role !== 'carrier' && role !== 'app') throw bad('role', 'takes carrier or app');
  if (typeof id !== 'string' || !organisationIdPattern.test(id)) throw bad('id', 'takes a letter and up to 15 of a-z 0-9');
  const daysFit = Number.isInteger(days) && (days as number) >= 1 && (days as number) <= workingDaysMax;
  if (days !== undefined && !daysFit) throw bad('answersWithinWorkingDays', `takes a whole number from 1 to ${workingDaysMax}`);
  return {
    role,
    id,
    name: textOf(given, 'name', 100),
    ...(given['category'] === undefined ? {} : { category: textOf(given, 'category', 50) }),
    domains: textsOf(given, 'domains'),
    contacts: textsOf(given, 'contacts'),
    publicKeys: keysOf(given),
    ...(days === undefined ? {} : { answersWithinWorkingDays: days as number }),
  };
}

/** `POST /hub/v1/participants/{id}/suspend` and `POST /hub/v1/parked/{id}/redrive`: why, for the record. */
export const readReason = (body: unknown): string => textOf(objectOf(body, ['reason']), 'reason', 500);
