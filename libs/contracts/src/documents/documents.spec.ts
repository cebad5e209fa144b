import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';
import { answerForms, check, type Form, messageForms, parseReport, requestForms } from '../validation/index.js';
import { asyncApiDocument } from './async-api.js';
import { calls } from './calls.js';
import { examples } from './examples.js';
import { openApiDocument } from './open-api.js';

interface Media {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
/** Every media type with examples, wherever it stands. */
function mediaOf(part: unknown): Media[] {
  if (part === null || typeof part !== 'object') return [];
  if ('schema' in part && 'examples' in part) return [part as Media];
  return Object.values(part).flatMap(mediaOf);
}

describe('the OpenAPI document', () => {
  const document = openApiDocument();

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  it('shows every call once, each under an operation id of its own', () => {
    const ids = calls.map(({ method, path }) => {
      const operation = (document['paths'] as Record<string, Record<string, { operationId: string }>>)[path]?.[method];
      return operation?.operationId;
    });
    expect(new Set(ids).size).toBe(calls.length);
    expect(ids).toContain('postHubParkedById' + 'Redrive');
  });

  it('shows a service alone its own calls, and those that are open to anyone', () => {
    const paths = Object.keys(openApiDocument(['/carrier'])['paths'] as object);
    expect(paths).toContain('/carrier/v1/reports');
    expect(paths).toContain('/health/ready');
    expect(paths.filter((path) => path.startsWith('/hub'))).toEqual([]);
  });

  it('has no reference that leads nowhere', () => {
    const schemas = (document['components'] as { schemas: object }).schemas;
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) expect(schemas).toHaveProperty(name);
  });

  it('gives examples that are as its schemas say', () => {
    const ajv = new Ajv2020({ strict: false, formats: { date: true, 'date-time': true } });
    ajv.addSchema({ ...document, $id: 'https://numlife.example/openapi.json' });
    const media = mediaOf(document['paths']).concat(mediaOf(document['webhooks']));
    expect(media.length).toBeGreaterThan(40);
    for (const { schema, examples: shown = {} } of media) {
      const text = JSON.stringify(schema).replaceAll('"#/', '"https://numlife.example/openapi.json#/');
      const validate = ajv.compile(JSON.parse(text) as object);
      for (const { value } of Object.values(shown)) {
        validate(value);
        expect([value, validate.errors]).toEqual([value, null]);
      }
    }
  });

  it('refuses by its schemas what the forms refuse', () => {
    const ajv = new Ajv2020({ strict: false, formats: { date: true, 'date-time': true } });
    ajv.addSchema({ ...document, $id: 'https://numlife.example/openapi.json' });
    const validate = ajv.compile({ $ref: 'https://numlife.example/openapi.json#/components/schemas/Report' });
    for (const value of [
      { ...examples.opened, holder: 'short' },
      { ...examples.opened, reason: 'other' },
      { ...examples.opened, kind: 'renewed' },
      { ...examples.opened, effectiveAt: undefined },
      { ...examples.corrected, replacement: { kind: 'complete', upTo: examples.complete.upTo } },
      { ...examples.complete, number: '13800138000' },
    ]) {
      expect(validate(JSON.parse(JSON.stringify(value)))).toBe(false);
      expect(parseReport(JSON.stringify(value)).ok).toBe(false);
    }
  });
});

describe('the AsyncAPI document', () => {
  it('is valid AsyncAPI 3', async () => {
    const parser = new Parser();
    const { document, diagnostics } = await parser.parse(JSON.stringify(asyncApiDocument()));
    const faults = diagnostics.filter(({ severity }) => severity <= 1);
    // Information only: a newer minor version of AsyncAPI exists.
    expect(faults.filter(({ code }) => code !== 'asyncapi-latest-version')).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
  });

  it('shows the topics by their addresses, and whether they are compacted', () => {
    const { channels } = asyncApiDocument() as { channels: Record<string, { address: string }> };
    expect(Object.values(channels).map(({ address }) => address)).toEqual([
      'carrier.{carrier}.reports.v1',
      'carrier.{carrier}.receipts.v1',
      'numbers.lifecycle.v1',
      'numbering.segments.v1',
    ]);
    expect(JSON.stringify(channels['lifecycle'])).toContain('"cleanup.policy":["compact"]');
  });
});

describe('an example', () => {
  it.each(['opened', 'corrected', 'complete'] as const)('of a report is one: %s', (name) => {
    expect(parseReport(JSON.stringify(examples[name]))).toMatchObject({ ok: true });
  });

  const forms: Partial<Record<keyof typeof examples, Form>> = {
    received: answerForms.Received,
    receipt: answerForms.Receipt,
    rejected: answerForms.Receipt,
    recycledQuestion: requestForms.RecycledQuestion,
    recycledAnswer: answerForms.RecycledAnswer,
    timelineQuestion: requestForms.TimelineQuestion,
    bindings: answerForms.Bindings,
    timeline: answerForms.Timeline,
    admission: requestForms.ParticipantAdmission,
    reason: requestForms.Reason,
    binding: requestForms.BindingEntry,
    loginQuestion: requestForms.LoginQuestion,
    tokenRequest: requestForms.TokenRequest,
    problem: answerForms.Problem,
    lifecycle: messageForms.LifecycleMessage,
    watermark: messageForms.Watermark,
    sealedReport: messageForms.SealedReport,
    batchReceived: messageForms.BatchReceived,
    segment: answerForms.Segment,
    action: messageForms.AccountActionRequest,
    actionDone: messageForms.ActionDone,
    actionRefused: messageForms.ActionRefused,
    actionNeedsHolder: messageForms.ActionNeedsHolder,
  };

  it.each(Object.entries(forms))('is what its form takes: %s', (name, form) => {
    expect(check(form, examples[name as keyof typeof examples])).toMatchObject({ ok: true });
  });

  it('of every name stands for a form', () => {
    expect(Object.keys(examples).sort()).toEqual([...Object.keys(forms), 'opened', 'corrected', 'complete'].sort());
  });
});
