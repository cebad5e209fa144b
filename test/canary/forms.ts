import { createHash } from 'node:crypto';

/** A way in which a secret can be written, as bytes to look for. */
export interface Form {
  readonly name: string;
  readonly bytes: Buffer;
}

/** base64 of a text wherever it stands in a longer one: the characters at both ends depend on what is beside it. */
const base64Forms = (text: string): Form[] =>
  [0, 1, 2].map((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    const whole = padded.subarray(0, padded.length - (padded.length % 3)).toString('base64');
    return { name: `base64, shifted by ${shift}`, bytes: Buffer.from(whole.slice(shift === 0 ? 0 : 4)) };
  });

const textForms = (text: string): Form[] => [
  { name: 'as it is', bytes: Buffer.from(text) },
  { name: 'in UTF-16', bytes: Buffer.from(text, 'utf16le') },
  { name: 'in hexadecimal', bytes: Buffer.from(Buffer.from(text).toString('hex')) },
  ...base64Forms(text),
];

const fullWidth = (digits: string): string =>
  [...digits].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('');

/** The first bytes of a number's big-endian integer, as SQLite stores it; the last byte is left open. */
const integerForm = (name: string, digits: string): Form => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(digits));
  return { name, bytes: bytes.subarray(2, 7) };
};

/** The forms of every number that begins with these digits, and of hashes without a key of one of them. */
export const formsOfNumbers = (beginning: string, one: string): Form[] => [
  ...textForms(beginning),
  { name: 'in full-width digits', bytes: Buffer.from(fullWidth(beginning)) },
  ...[' ', '-'].map((gap) => ({
    name: `in groups, with "${gap}"`,
    bytes: Buffer.from(`${beginning.slice(0, 3)}${gap}${beginning.slice(3, 7)}${gap}${beginning.slice(7)}`),
  })),
  integerForm('as an integer', one),
  integerForm('as an integer with 86', `86${one}`),
  ...[one, `86${one}`, `+86${one}`].flatMap(hashForms),
];

export const formsOfKeys = (part: string, one: string): Form[] => [...textForms(part), ...hashForms(one)];

/** A hash without a key hides nothing: there are few numbers. */
const hashForms = (text: string): Form[] =>
  ['md5', 'sha1', 'sha256'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(text).digest();
    return [
      { name: `${algorithm} of ${text.length} characters`, bytes: digest },
      { name: `${algorithm} in hexadecimal`, bytes: Buffer.from(digest.toString('hex')) },
      { name: `${algorithm} in base64url`, bytes: Buffer.from(digest.toString('base64url')) },
    ];
  });

/** Where something of it stands: the form and what is around it is not shown, only where. */
export const hitsIn = (where: string, content: Buffer, forms: readonly Form[]): string[] =>
  forms.flatMap(({ name, bytes }) => {
    const at = content.indexOf(bytes);
    return at < 0 ? [] : [`${where}: ${name}, at byte ${at}`];
  });
