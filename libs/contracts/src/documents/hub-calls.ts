import { answerForms as answers, requestForms as requests } from '../validation/index.js';
import { type Call, cursor, lines, ofForm, text } from './call.js';
import { examples } from './examples.js';

export const hubCalls: readonly Call[] = [
  {
    method: 'post',
    path: '/hub/v1/recycled',
    summary: 'Has the number changed hands since then?',
    scope: 'number-recycling:check',
    body: ofForm(requests.RecycledQuestion, examples.recycledQuestion),
    answers: {
      200: {
        says: 'Yes, no, or cannot tell, and why.',
        content: ofForm(answers.RecycledAnswer, examples.recycledAnswer),
      },
    },
  },
  {
    method: 'post',
    path: '/hub/v1/recycled/bulk',
    summary: 'The same for a file of any size, one answer a line, in order',
    scope: 'number-recycling:check',
    body: {
      'text/csv': { schema: lines('number,since') },
      'application/x-ndjson': { schema: lines('{"number":…,"since":…} a line, with "knownAtLeast" if wanted') },
    },
    answers: {
      200: {
        says: 'Streamed while the file still comes in.',
        content: {
          'text/csv': { schema: lines('answer,reason,knownUpTo') },
          'application/x-ndjson': { schema: lines('An answer a line.') },
        },
      },
    },
    problems: [415],
  },
  {
    method: 'post',
    path: '/hub/v1/timeline',
    summary: 'What is known of a number, or was known then',
    scope: 'timeline:read',
    body: ofForm(requests.TimelineQuestion, examples.timelineQuestion),
    answers: { 200: { says: 'Its generations and findings.', content: ofForm(answers.Timeline, examples.timeline) } },
  },
  {
    method: 'get',
    path: '/hub/v1/findings',
    summary: 'All findings',
    scope: 'findings:read',
    query: { severity: text, code: text, carrier: text, open: { type: 'boolean' }, ...cursor },
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.Findings) } },
  },
  {
    method: 'get',
    path: '/hub/v1/carrier/batches/{id}',
    summary: "How far a batch is, for its carrier's gateway",
    scope: 'receipts:read',
    query: { received: { type: 'integer', minimum: 0, description: 'With `Prefer`: how many lines are waited for.' } },
    headers: { Prefer: '`wait=30`: answer once so many lines have their receipt, or after so many seconds.' },
    answers: { 200: { says: 'Its counts.', content: ofForm(answers.BatchProgress) } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/hub/v1/carrier/batches',
    summary: "A carrier's batches, latest first, for its gateway",
    scope: 'receipts:read',
    query: cursor,
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.Batches) } },
  },
  {
    method: 'get',
    path: '/hub/v1/carrier/receipts',
    summary: "A carrier's receipts, for its gateway",
    scope: 'receipts:read',
    query: { batch: text, outcome: text, ...cursor },
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.Receipts) } },
  },
  {
    method: 'get',
    path: '/hub/v1/carrier/findings',
    summary: "A carrier's findings, for its gateway",
    scope: 'findings:read',
    query: cursor,
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.CarrierFindings) } },
  },
];

export const operatorCalls: readonly Call[] = [
  {
    method: 'get',
    path: '/hub/v1/participants',
    summary: 'Who takes part',
    scope: 'hub:operate',
    answers: { 200: { says: 'All carriers and apps.', content: ofForm(answers.Participants) } },
  },
  {
    method: 'post',
    path: '/hub/v1/participants',
    summary: 'Admit a carrier or an app; again, to change it or to end a suspension',
    scope: 'hub:operate',
    body: ofForm(requests.ParticipantAdmission, examples.admission),
    answers: { 201: { says: 'Admitted.', content: ofForm(answers.Participant, examples.admission) } },
    problems: [409],
  },
  {
    method: 'post',
    path: '/hub/v1/participants/{id}/suspend',
    summary: 'Suspend a carrier or an app',
    scope: 'hub:operate',
    body: ofForm(requests.Reason, examples.reason),
    answers: { 200: { says: 'Suspended.', content: ofForm(answers.Suspended, { id: 'ct', status: 'suspended' }) } },
    problems: [404],
  },
  {
    method: 'get',
    path: '/hub/v1/segments',
    summary: 'The number segments',
    scope: 'hub:operate',
    query: cursor,
    answers: {
      200: {
        says: 'A page of them.',
        content: ofForm(answers.Segments, { tableVersion: 2, segments: [examples.segment], next: '1380013' }),
      },
    },
  },
  {
    method: 'post',
    path: '/hub/v1/segments',
    summary: 'Import number segments',
    scope: 'hub:operate',
    body: {
      'text/csv': {
        schema: lines('prefix,holder,use,assignedTo,validFrom,province,city; the last four may be absent.'),
      },
    },
    answers: {
      201: {
        says: 'Imported, all of it.',
        content: ofForm(answers.SegmentsImported, { tableVersion: 3, segments: 1 }),
      },
    },
    problems: [413, 415],
  },
  {
    method: 'get',
    path: '/hub/v1/parked',
    summary: 'Messages that were set aside with those of their key',
    scope: 'hub:operate',
    query: { group: text, ...cursor },
    answers: { 200: { says: 'A page of them.', content: ofForm(answers.ParkedMessages) } },
  },
  {
    method: 'post',
    path: '/hub/v1/parked/{id}/redrive',
    summary: 'Hand a parked key over again; recorded',
    scope: 'hub:operate',
    body: ofForm(requests.Reason, examples.reason),
    answers: { 202: { says: 'Ordered.', content: ofForm(answers.Redriven, { id: '12', redriven: true }) } },
    problems: [404],
  },
  {
    method: 'post',
    path: '/hub/v1/parked/{id}/discard',
    summary: 'Give up a message that was refused, for good; what waits behind it is handed over; recorded',
    scope: 'hub:operate',
    body: ofForm(requests.Reason, examples.reason),
    answers: { 200: { says: 'It is gone.', content: ofForm(answers.Discarded, { id: '12', discarded: true }) } },
    problems: [404, 409],
  },
  {
    method: 'get',
    path: '/hub/v1/flow',
    summary: 'Rates, lags, what is known up to when',
    scope: 'hub:operate',
    answers: { 200: { says: 'As of now.', content: ofForm(answers.Flow) } },
  },
];
