import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import {
  answerForms,
  type Form,
  messageForms,
  nullableFieldsOf,
  replacementForms,
  reportForms,
  requestForms,
} from '../validation/index.js';

export type Schema = Readonly<Record<string, unknown>>;

/** What somebody sends us: a field that is not named is refused. */
const closed: readonly Form[] = [
  ...Object.values(reportForms),
  ...Object.values(replacementForms),
  ...formsIn(requestForms),
];
/** What we send: fields may be added. */
const open: readonly Form[] = [...formsIn(answerForms), ...formsIn(messageForms)];

function formsIn(module: object): Form[] {
  return Object.values(module).filter(
    (value): value is Form => typeof value === 'function' && /^class\s/.test(String(value)),
  );
}

/** Forms whose names the messages and the answers share, with the name of the message's. */
const nameOf = (form: Form): string => form.name.replace(/Form$/, '');
const schemaRef = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const refTo = (form: Form): Schema => schemaRef(nameOf(form));

const text = { type: 'string' };
const dateTime = { type: 'string', format: 'date-time' };
const date = { type: 'string', format: 'date' };
type Meta = Readonly<{ constraints?: readonly unknown[] }>;
const fromConstraint = (type: string) => (meta: Meta) => ({ type, ...(meta.constraints?.[0] as object) });

/** What our own rules are called, in JSON Schema. */
const converters = {
  sentInstant: dateTime,
  utcInstant: { ...dateTime, pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' },
  calendarDate: date,
  dateOrInstant: { anyOf: [date, dateTime] },
  numberText: { ...text, minLength: 1 },
  aList: { type: 'array' },
  listOf: fromConstraint('array'),
  recordOf: fromConstraint('object'),
  isLength: ({ constraints }: Meta) => ({ ...text, minLength: constraints?.[0], maxLength: constraints?.[1] }),
  isObject: { type: 'object' },
  min: ({ constraints }: Meta) => ({ minimum: constraints?.[0] }),
  max: ({ constraints }: Meta) => ({ maximum: constraints?.[0] }),
};

function schemaOf(form: Form, isClosed: boolean): Schema {
  const { properties = {}, required = [] } = targetConstructorToSchema(form, {
    classTransformerMetadataStorage: defaultMetadataStorage as never,
    additionalConverters: converters as never,
    refPointerPrefix: '#/components/schemas/',
  });
  const nullable = nullableFieldsOf(form);
  const fields = Object.entries(properties).map(([name, schema]) => [
    name,
    cleaned(schema as Schema, nullable.has(name)),
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(fields) as object,
    required: [...required, ...nullable],
    ...(isClosed ? { additionalProperties: false } : {}),
  };
}

function cleaned(schema: Schema, isNullable: boolean): Schema {
  // A reference says everything; the library adds the type beside it.
  const plain = '$ref' in schema ? { $ref: schema['$ref'] } : schema;
  return isNullable ? { anyOf: [plain, { type: 'null' }] } : plain;
}

const replacement = { oneOf: Object.values(replacementForms).map((form) => refTo(form)) };

function correctedWith(schema: Schema): Schema {
  return { ...schema, properties: { ...(schema['properties'] as object), replacement } };
}

/** Every form as a JSON Schema (2020-12), by name, and `Report` for any of the reports. */
export function schemas(): Record<string, Schema> {
  const all: Record<string, Schema> = {};
  for (const form of closed) all[nameOf(form)] = schemaOf(form, true);
  for (const form of open) all[nameOf(form)] = schemaOf(form, false);
  all['CorrectedReport'] = correctedWith(all['CorrectedReport']!);
  all['TimelineQuestion'] = {
    ...all['TimelineQuestion'],
    oneOf: [{ required: ['number'] }, { required: ['numberId'] }],
  };
  all['Report'] = { oneOf: Object.values(reportForms).map((form) => refTo(form)) };
  all['ActionAnswer'] = {
    oneOf: [messageForms.ActionDone, messageForms.ActionRefused, messageForms.ActionNeedsHolder].map((form) =>
      refTo(form),
    ),
  };
  return all;
}

export const anyReport = schemaRef('Report');
export const actionAnswer = schemaRef('ActionAnswer');
