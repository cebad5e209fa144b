import { requestForms } from '@numlife/contracts/validation';
import type { Admission } from '@numlife/participants';
import { readBody } from '@numlife/runtime';

/** `POST /hub/v1/participants` */
export function readAdmission(body: unknown): Admission {
  const { role, id, name, category, domains, contacts, publicKeys, answersWithinWorkingDays } = readBody(
    requestForms.ParticipantAdmission,
    body,
  );
  return {
    role: role as Admission['role'],
    id,
    name,
    ...(category === undefined ? {} : { category }),
    domains: domains ?? [],
    contacts: contacts ?? [],
    publicKeys: (publicKeys ?? []) as Admission['publicKeys'],
    ...(answersWithinWorkingDays === undefined ? {} : { answersWithinWorkingDays }),
  };
}

/** `POST /hub/v1/participants/{id}/suspend` and `POST /hub/v1/parked/{id}/redrive`: why, for the record. */
export const readReason = (body: unknown): string => readBody(requestForms.Reason, body).reason;
