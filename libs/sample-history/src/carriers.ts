/** In the order in which their files are sent. */
export const carriers = ['cbn', 'cm', 'ct', 'cu', 'mv1'] as const;
export type Carrier = (typeof carriers)[number];
/** Those between which numbers are ported. */
export const portingCarriers = ['cbn', 'cm', 'ct', 'cu'] as const satisfies readonly Carrier[];

export const isCarrier = (id: string): id is Carrier => (carriers as readonly string[]).includes(id);

/** Which of every 100 numbers are in whose segments. */
export const sharesOf100: Readonly<Record<Carrier, number>> = { cbn: 4, cm: 44, ct: 25, cu: 24, mv1: 3 };

/** How a carrier's system writes its files. */
export interface Style {
  readonly numberPrefix: '+86' | '86' | '';
  readonly time: 'shanghai' | 'utc' | 'shanghai-milliseconds';
  readonly newline: '\n' | '\r\n';
  readonly byteOrderMark: '' | '\u{FEFF}';
  readonly quotes: 'none' | 'all';
  readonly reportedAt: 'stated' | 'left-out';
  readonly columns: 'as-published' | 'kind-first' | 'number-first';
}

const plain = { newline: '\n', byteOrderMark: '', quotes: 'none', reportedAt: 'left-out' } as const;

export const styles: Readonly<Record<Carrier, Style>> = {
  cbn: {
    ...plain,
    numberPrefix: '+86',
    time: 'shanghai',
    columns: 'as-published',
    newline: '\r\n',
    byteOrderMark: '\u{FEFF}',
  },
  cm: { ...plain, numberPrefix: '', time: 'shanghai', columns: 'as-published' },
  ct: { ...plain, numberPrefix: '+86', time: 'shanghai', columns: 'as-published', reportedAt: 'stated' },
  cu: { ...plain, numberPrefix: '86', time: 'utc', columns: 'number-first' },
  mv1: { ...plain, numberPrefix: '', time: 'shanghai-milliseconds', columns: 'kind-first', quotes: 'all' },
};
