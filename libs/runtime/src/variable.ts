/** One environment variable: what it takes, what it is without being set, what it is for. */
export interface Variable<Value> {
  readonly fallback: Value;
  readonly takes: string;
  readonly does: string;
  /** Never shown, and also taken from the file that `<NAME>_FILE` names. */
  readonly secret?: boolean;
  /** Answers undefined for a value that is not accepted. */
  readonly parse: (text: string) => Value | undefined;
}

export const wholeNumber = (of: { fallback: number; min: number; max: number; does: string }): Variable<number> => ({
  fallback: of.fallback,
  takes: `a whole number from ${of.min} to ${of.max}`,
  does: of.does,
  parse: (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= of.min && value <= of.max ? value : undefined;
  },
});

export const oneOf = <Value extends string>(
  fallback: Value,
  values: readonly Value[],
  does: string,
): Variable<Value> => ({
  fallback,
  takes: values.join(' or '),
  does,
  parse: (text) => values.find((value) => value === text),
});

export const text = (
  fallback: string,
  takes: string,
  does: string,
  accepts: (value: string) => boolean,
): Variable<string> => ({
  fallback,
  takes,
  does,
  parse: (value) => (accepts(value) ? value : undefined),
});

/** A text that is empty without being set, and that is a secret. */
export const secret = (takes: string, does: string, accepts: (value: string) => boolean): Variable<string> => ({
  ...text('', takes, does, accepts),
  secret: true,
});

/** Texts separated by commas; none without being set. */
export const list = (takes: string, does: string, accepts: (item: string) => boolean): Variable<readonly string[]> => ({
  fallback: [],
  takes,
  does,
  parse: (value) => {
    const items = value.split(',').map((item) => item.trim());
    return items.every(accepts) && new Set(items).size === items.length ? items : undefined;
  },
});

export const isFilled = (value: string): boolean => value.trim() !== '';

/** An accepted URL has one of these protocols. */
export const isUrl =
  (...protocols: readonly string[]) =>
  (value: string): boolean =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol);
