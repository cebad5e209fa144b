import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
  type ValidationOptions,
} from 'class-validator';
import { refusal, takes } from './forms.js';
import { isInstant, parseDate, parseInstant } from './instants.js';

const saying = (accepted: string): ValidationOptions => ({
  message: ({ property, value }: ValidationArguments) => refusal(property, value, accepted),
});

/** May be absent. Null is not absent. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

const nullable = new WeakMap<object, Set<string>>();
/** There always, but may be null. */
export const OrNull = (): PropertyDecorator => (target, property) => {
  ValidateIf((_, value) => value !== null)(target, property as string);
  nullable.set(target, (nullable.get(target) ?? new Set()).add(property as string));
};
/** The fields of a form that may be null, for the documents: class-validator itself says only that they are optional. */
export const nullableFieldsOf = (form: Form): ReadonlySet<string> =>
  nullable.get(form.prototype as object) ?? new Set();

/** A class whose rules say what a JSON object takes. */
export type Form<Value extends object = object> = new () => Value;
/** An object, or each item of a list, by the rules of another form. */
export const Nested = (form: () => Form): PropertyDecorator => {
  const rules = [Type(form), ValidateNested(), AnObject()];
  return (target, property) => {
    for (const rule of rules) rule(target, property as string);
  };
};
export const NestedList = (form: () => Form, itemsMax: number): PropertyDecorator => {
  const rules = [Type(form), ValidateNested({ each: true }), AList(itemsMax)];
  return (target, property) => {
    for (const rule of rules) rule(target, property as string);
  };
};

export const TextOf = (pattern: RegExp, accepted: string): PropertyDecorator => Matches(pattern, saying(accepted));
export const AnyText = (charactersMax: number, charactersMin = 1): PropertyDecorator =>
  Length(charactersMin, charactersMax, saying(`text of ${charactersMin} to ${charactersMax} characters`));
/** A number as it was written is judged later, where the segment table is: here it is only a text. */
export const NumberText = (): PropertyDecorator => textThat('numberText', (text) => text !== '', takes.number);
export const OneOf = (values: readonly unknown[]): PropertyDecorator => IsIn(values, saying(values.join(', ')));
export const WholeNumber = (min: number, max: number): PropertyDecorator => {
  const options = saying(`a whole number from ${min} to ${max}`);
  const rules = [IsInt(options), Min(min, options), Max(max, options)];
  return (target, property) => {
    for (const rule of rules) rule(target, property as string);
  };
};
export const YesOrNo = (): PropertyDecorator => IsBoolean(saying('true or false'));
export const AnObject = (accepted = 'an object'): PropertyDecorator => IsObject(saying(accepted));
const AList = (itemsMax: number): PropertyDecorator =>
  valueThat('aList', (value) => isListOf(value, itemsMax), `a list of at most ${itemsMax}`);
/** Every item is a text of this form. */
export const ListOf = (pattern: RegExp, accepted: string, itemsMax: number): PropertyDecorator =>
  valueThat(
    'listOf',
    (value) => isListOf(value, itemsMax) && value.every((item) => typeof item === 'string' && pattern.test(item)),
    accepted,
    { items: { type: 'string', pattern: pattern.source }, maxItems: itemsMax },
  );
/** Every item is one of these. */
export const Listed = (values: readonly string[]): PropertyDecorator =>
  valueThat(
    'listOf',
    (value) => isListOf(value, values.length) && value.every((item) => values.includes(item as string)),
    `a list of ${values.join(', ')}`,
    { items: { type: 'string', enum: values }, maxItems: values.length },
  );
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];
/** JWKs (RFC 7517) without their private parts. */
export const JsonWebKeys = (itemsMax: number): PropertyDecorator =>
  valueThat(
    'listOf',
    (value) => isListOf(value, itemsMax) && value.every(isPublicKey),
    `a list of at most ${itemsMax} public keys as JWKs, without private parts`,
    { items: { type: 'object', properties: { kty: { type: 'string' } }, required: ['kty'] }, maxItems: itemsMax },
  );

const isListOf = (value: unknown, itemsMax: number): value is unknown[] =>
  Array.isArray(value) && value.length <= itemsMax;
const isPublicKey = (value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  'kty' in value &&
  typeof value.kty === 'string' &&
  privateMembers.every((member) => !Object.hasOwn(value, member));

/** A rule of our own, and (as its constraint) what it says in JSON Schema beside its type. */
const valueThat = (
  name: string,
  validate: (value: unknown) => boolean,
  accepted: string,
  schema: object = {},
): PropertyDecorator => ValidateBy({ name, constraints: [schema], validator: { validate } }, saying(accepted));

const textThat = (name: string, fits: (text: string) => boolean, accepted: string): PropertyDecorator =>
  valueThat(name, (value) => typeof value === 'string' && fits(value), accepted);

/** RFC 3339 with offset, as others send it. */
export const SentInstant = (): PropertyDecorator =>
  textThat('sentInstant', (text) => parseInstant(text) !== undefined, takes.instant);
/** UTC with milliseconds, as our own messages carry it. */
export const UtcInstant = (): PropertyDecorator => textThat('utcInstant', isInstant, takes.utcInstant);
export const CalendarDate = (): PropertyDecorator =>
  textThat('calendarDate', (text) => parseDate(text) !== undefined, takes.date);
export const DateOrInstant = (): PropertyDecorator =>
  textThat('dateOrInstant', (text) => (parseDate(text) ?? parseInstant(text)) !== undefined, takes.since);
/** A record whose keys and values both have a form. */
export const RecordOf = (key: RegExp, fits: (value: unknown) => boolean, accepted: string): PropertyDecorator =>
  valueThat(
    'recordOf',
    (record) =>
      record !== null &&
      typeof record === 'object' &&
      !Array.isArray(record) &&
      Object.entries(record).every(([name, value]) => key.test(name) && fits(value)),
    accepted,
    { propertyNames: { pattern: key.source } },
  );
