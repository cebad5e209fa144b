/** What a field takes, in words; one place, so that a refusal and the documents say the same. */
export const takes = {
  reportId: '1 to 64 of A-Z a-z 0-9 . _ -',
  text: 'text',
  number: '+86…, 86… or 11 digits, as text',
  instant: 'an RFC 3339 instant with offset',
  utcInstant: 'an instant in UTC with milliseconds',
  date: 'a calendar date that exists, YYYY-MM-DD',
  since: 'a calendar date that exists, YYYY-MM-DD, or an RFC 3339 instant with offset',
  holder: 'hk1_ and 16 to 64 of A-Z a-z 0-9 _ -',
  organisation: 'a lower-case letter and up to 15 of a-z 0-9',
} as const;

/** The form of a value, never the value. */
export function formOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return formOfText(value);
    case 'number':
    case 'bigint':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'an object';
  }
}

function formOfText(text: string): string {
  if (text === '') return 'empty text';
  if (/^[0-9]+$/.test(text)) return text.length === 1 ? '1 digit' : `${text.length} digits`;
  return text.length === 1 ? 'text of 1 character' : `text of ${text.length} characters`;
}

export const refusal = (field: string, value: unknown, accepted: string): string =>
  `${field}: ${formOf(value)}; it takes ${accepted}`;

/**
 * A field's or column's name as a refusal may repeat it: what was sent may be a number or a holder key in the wrong place,
 * so only letters and dots are.
 */
export const safeName = (name: string): string =>
  /^[A-Za-z][A-Za-z.]{0,31}$/.test(name) ? name : `a name of ${name.length} characters`;
