import 'reflect-metadata';
import {
  IsArray,
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

export const TextOf = (pattern: RegExp, accepted: string): PropertyDecorator => Matches(pattern, saying(accepted));
export const AnyText = (charactersMax: number, charactersMin = 1): PropertyDecorator =>
  Length(charactersMin, charactersMax, saying(`text of ${charactersMin} to ${charactersMax} characters`));
/** A number as it was written is judged later, where the segment table is: here it is only a text. */
export const NumberText = (): PropertyDecorator =>
  ValidateBy(
    { name: 'numberText', validator: { validate: (value) => typeof value === 'string' && value !== '' } },
    saying(takes.number),
  );
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
export const AList = (itemsMax: number): PropertyDecorator => {
  const options = saying(`a list of at most ${itemsMax}`);
  const rule = ValidateBy(
    {
      name: 'maxItems',
      constraints: [itemsMax],
      validator: { validate: (v) => Array.isArray(v) && v.length <= itemsMax },
    },
    options,
  );
  return (target, property) => {
    IsArray(options)(target, property as string);
    rule(target, property as string);
  };
};
/** Every item is a text of this form. */
export const ListOf = (pattern: RegExp, accepted: string, itemsMax: number): PropertyDecorator => {
  const fits = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= itemsMax && value.every((v) => typeof v === 'string' && pattern.test(v));
  const constraints = [pattern, itemsMax];
  return ValidateBy({ name: 'listOf', constraints, validator: { validate: fits } }, saying(accepted));
};

const textThat = (name: string, fits: (text: string) => boolean, accepted: string): PropertyDecorator =>
  ValidateBy({ name, validator: { validate: (value) => typeof value === 'string' && fits(value) } }, saying(accepted));

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
export const RecordOf = (key: RegExp, value: (text: string) => boolean, accepted: string): PropertyDecorator => {
  const fits = (record: unknown): boolean =>
    record !== null &&
    typeof record === 'object' &&
    !Array.isArray(record) &&
    Object.entries(record).every(([k, v]) => key.test(k) && typeof v === 'string' && value(v));
  return ValidateBy({ name: 'recordOf', constraints: [key], validator: { validate: fits } }, saying(accepted));
};
