import { reportColumns } from '../reports.js';
import { answerForms as answers } from '../validation/index.js';
import { type Call, cursor, json, lines, ofForm, text } from './call.js';
import { examples } from './examples.js';
import { anyReport } from './schemas.js';

export const carrierCalls: readonly Call[] = [
  {
    method: 'post',
    path: '/carrier/v1/reports',
    summary: 'Send reports: one, a list of at most 1,000, or a file of any size',
    scope: 'reports:write',
    headers: {
      'Idempotency-Key': 'The same key with the same bytes resumes the batch; with other bytes it is refused (422).',
      Prefer: '`wait=30`: answer with the receipts if all are in within so many seconds (at most 60).',
    },
    body: {
      ...json({ oneOf: [anyReport, { type: 'array', items: anyReport, maxItems: 1000 }] }, examples.opened, [
        examples.corrected,
        examples.complete,
      ]),
      'application/x-ndjson': { schema: lines('A report a line, at most 8 KiB each.') },
      'text/csv': {
        schema: lines(`RFC 4180 with a header row of ${reportColumns.join(', ')} and replacement.… in any order.`),
      },
    },
    answers: {
      202: { says: 'Every line is durable.', content: ofForm(answers.Received, examples.received) },
      200: {
        says: 'Every line has its receipt.',
        content: ofForm(answers.ReceivedWithReceipts, {
          ...examples.received,
          receipts: [examples.receipt, examples.rejected],
        }),
      },
    },
    problems: [413, 415, 422],
  },
  {
    method: 'get',
    path: '/carrier/v1/batches/{id}',
    summary: 'How far a batch is',
    scope: 'receipts:read',
    answers: { 200: { says: 'Its counts.', content: ofForm(answers.BatchProgress) } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/carrier/v1/batches',
    summary: "The carrier's batches, latest first",
    scope: 'receipts:read',
    query: cursor,
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.Batches) } },
  },
  {
    method: 'get',
    path: '/carrier/v1/receipts',
    summary: "The carrier's receipts",
    scope: 'receipts:read',
    query: { batch: text, outcome: text, ...cursor },
    answers: {
      200: { says: 'A page of them.', content: ofForm(answers.Receipts, { receipts: [examples.receipt], next: null }) },
    },
  },
  {
    method: 'get',
    path: '/carrier/v1/findings',
    summary: "Findings that the carrier's reports caused, and others' that touch numbers it serves",
    scope: 'findings:read',
    query: cursor,
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.CarrierFindings) } },
  },
];
