import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerForms as forms, check, type Form } from '@numlife/contracts/validation';
import { type Answer, System } from '../system.js';
import { numberOf } from './outside/cast.js';

const at = '2026-01-01T09:00:00+08:00';
const holder = 'hk1_aaaaaaaaaaaaaaaa';
const number = numberOf('ct', 1);
const opened = { reportId: 'r1', kind: 'opened', number, effectiveAt: at, holder };
const cancelled = {
  reportId: 'r2',
  kind: 'cancelled',
  number,
  effectiveAt: '2026-01-03T09:00:00.250+08:00',
  reason: 'arrears',
};

/** What the documents are made of must be what is answered: form by form, and instant by instant. */
describe('every answer is of the form in the documents', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
    await system.report('ct', [
      opened,
      { ...opened, reportId: 'r0' },
      cancelled,
      { reportId: 'u', kind: 'complete', upTo: at },
    ]);
    const body = JSON.stringify({ account: 'a', number, verifiedAt: at });
    await system.call('shop', 'PUT', '/connector/v1/bindings', { type: 'application/json', body });
  });
  afterAll(() => system.stop());

  const get = (organisation: string, path: string) => () => system.get(organisation, path);
  const post = (organisation: string, path: string, body: object) => () => system.post(organisation, path, body);
  const rows: readonly (readonly [string, Form, () => Promise<Answer>])[] = [
    ['received', forms.Received, () => system.report('ct', [opened], { prefer: '' })],
    ['with receipts', forms.ReceivedWithReceipts, () => system.report('ct', [opened, { ...opened, kind: 'lost' }])],
    ['receipts', forms.Receipts, get('ct', '/carrier/v1/receipts')],
    ['batches', forms.Batches, get('ct', '/carrier/v1/batches')],
    ['findings', forms.Findings, get('miit', '/hub/v1/findings')],
    ["a carrier's findings", forms.CarrierFindings, get('ct', '/carrier/v1/findings')],
    ['a timeline', forms.Timeline, post('miit', '/hub/v1/timeline', { number })],
    ['an unknown timeline', forms.Timeline, post('miit', '/hub/v1/timeline', { number: numberOf('ct', 2) })],
    ['recycled', forms.RecycledAnswer, post('shop', '/hub/v1/recycled', { number, since: at })],
    ['a login check', forms.RecycledAnswer, post('shop', '/connector/v1/login-check', { number, verifiedAt: at })],
    ['bindings', forms.Bindings, get('shop', '/connector/v1/bindings')],
    ['participants', forms.Participants, get('caict', '/hub/v1/participants')],
    ['segments', forms.Segments, get('caict', '/hub/v1/segments')],
    ['parked', forms.ParkedMessages, get('caict', '/hub/v1/parked')],
    ['flow', forms.Flow, get('caict', '/hub/v1/flow')],
    ['keys', forms.KeySet, () => system.call(undefined, 'GET', '/auth/v1/jwks')],
    ['live', forms.Health, () => system.call(undefined, 'GET', '/health/live')],
    ['ready', forms.Health, () => system.call(undefined, 'GET', '/health/ready')],
    ['a problem', forms.Problem, post('shop', '/hub/v1/recycled', { number: 1 })],
    ['no access', forms.Problem, post('shop', '/hub/v1/timeline', {})],
  ];

  it.each(rows)('%s', async (_, form, ask) => {
    const { body, text } = await ask();
    const checked = check(form, body);
    expect(checked.ok ? [] : checked.errors).toEqual([]);
    const instants = text.match(/\d{4}-\d\d-\d\dT[^"]*/g) ?? [];
    for (const instant of instants) expect(instant).toMatch(/:\d\d(\.(?!000)\d{3})?\+08:00$/);
    expect(text).not.toMatch(/hk1_|t1_|133\d{8}/);
  });
});
